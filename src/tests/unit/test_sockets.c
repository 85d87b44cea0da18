/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "carry/socket_states.h"
#include "unit.h"
#include "util/mem.h"

static int parse(const char *text, struct socket_states *ret)
{
	return socket_states_parse(text, strlen(text), ret);
}

START_TEST(test_round_trip)
{
	static const char text[] =
		"17 5 2 1 6 SO_TIMESTAMP_OLD=1 IP_UNICAST_IF=-16777216 TCP_CONGESTION=x72656e6f\n"
		"17 6 10 2 17 IPV6_MULTICAST_HOPS=5 MEMBER=2,ff02::fb MEMBER=2,239.1.2.3\n"
		"18 0 2 2 17 MEMBER=2,232.1.1.1,include,10.0.0.1,10.0.0.2\n"
		"19 3 1 1 0 SO_PASSPIDFD=1 SO_LOCK_FILTER=1\n"
		"20 3 10 3 58 MEMBER=1,ff02::16,exclude,2001:db8::1\n";
	_cleanup_socket_states_ struct socket_states s = {0};
	_cleanup_free_ char *again = NULL;

	ck_assert_int_eq(parse(text, &s), 0);
	ck_assert_uint_eq(s.n, 5);
	ck_assert_uint_eq(s.v[1].n_members, 2);
	ck_assert_int_eq(s.v[1].members[1].family, AF_INET);
	ck_assert(!s.v[2].members[0].exclude);
	again = socket_states_format(&s);
	ck_assert_str_eq(again, text);
}
END_TEST

static const char *const broken[] = {
	"17 5 2 1 6 SO_DEBUG=1",
	"\n",
	"17 5 2 1 6\n",
	"17 5 2 1 6 \n",
	"0 5 2 1 6 SO_DEBUG=1\n",
	"17 -1 2 1 6 SO_DEBUG=1\n",
	"17 5 99 1 6 SO_DEBUG=1\n",
	"17 5 2 1 132 SO_DEBUG=1\n",
	"017 5 2 1 6 SO_DEBUG=1\n",
	"17  5 2 1 6 SO_DEBUG=1\n",
	"4294967296 5 2 1 6 SO_DEBUG=1\n",
	"17 5 2 1 6 SO_DEBUG\n",
	"17 5 2 1 6 SO_DEBUG=\n",
	"17 5 2 1 6 SO_DEBUG=+1\n",
	"17 5 2 1 6 SO_DEBUG=01\n",
	"17 5 2 1 6 SO_DEBUG=-0\n",
	"17 5 2 1 6 SO_DEBUG=2147483648\n",
	"17 5 2 1 6 SO_DEBUG=x01\n",
	"17 5 2 1 6 SO_DEBUG=1 SO_DEBUG=1\n",
	"17 5 2 1 6 IP_TTL=3 IP_TOS=1\n",
	"17 5 2 1 6 SO_NOTHING=1\n",
	"17 5 2 1 6 TCP_CONGESTION=reno\n",
	"17 5 2 1 6 TCP_CONGESTION=x\n",
	"17 5 2 1 6 TCP_CONGESTION=x7\n",
	"17 5 2 1 6 TCP_CONGESTION=x0123456789abcdef0123456789abcdef01\n",
	"17 5 2 2 17 MEMBER=\n",
	"17 5 2 2 17 MEMBER=1\n",
	"17 5 2 2 17 MEMBER=1,10.0.0.1\n",
	"17 5 2 2 17 MEMBER=1,239.1.1\n",
	"17 5 2 2 17 MEMBER=-1,239.1.1.1\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1,\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1,exclude\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1,include\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1,include,\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1,include,ff02::1\n",
	"17 5 2 2 17 MEMBER=1,FF02::1\n",
	"17 5 2 2 17 MEMBER=1,239.1.1.1 IP_TTL=3\n",
};

START_TEST(test_broken)
{
	struct socket_states s = {0};

	ck_assert_int_lt(parse(broken[_i], &s), 0);
	ck_assert_ptr_null(s.v);
}
END_TEST

START_TEST(test_empty)
{
	struct socket_states s = {0};

	ck_assert_int_eq(parse("", &s), 0);
	ck_assert_int_lt(socket_states_parse("\0\n", 2, &s), 0);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(test_groups4)
{
	static const char text[] =
		"Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
		"1\tlo        :     1      V3\n"
		"\t\t\t\t010000E0     1 0:00000000\t\t0\n"
		"2\teth0      :     2      V3\n"
		"\t\t\t\tFB0000E0     3 0:00000000\t\t0\n"
		"\t\t\t\t010000E0     2 0:00000000\t\t0\n";
	struct multicast_groups g = {0};
	struct in_addr first, second;

	multicast_groups_add4(&g, text);
	ck_assert_uint_eq(g.n, 2);
	ck_assert_uint_eq(g.v[0].interface, 2);
	ck_assert_uint_eq(g.v[0].users, 3);
	ck_assert_uint_eq(g.v[1].users, 1);
	memcpy(&first, &g.v[0].group, sizeof(first));
	memcpy(&second, &g.v[1].group, sizeof(second));
	ck_assert_uint_eq(first.s_addr, htonl(0xe00000fb));
	ck_assert_uint_eq(second.s_addr, htonl(0xe0000001));
	multicast_groups_add4(&g, "");
	multicast_groups_add4(&g, "\t\t");
	multicast_groups_add4(&g, "3");
	ck_assert_uint_eq(g.n, 2);
	free(g.v);
}
END_TEST

START_TEST(test_groups6)
{
	static const char text[] =
		"1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
		"2    eth0            ff0200000000000000000000000000fb     1 0000000C 0\n"
		"2    eth0            ff020000000000000000000000000001     1 0000000C 0\n"
		"2    eth0            ff0200000000000000000000000000     1 0000000C 0\n"
		"nothing";
	struct multicast_groups g = {0};

	multicast_groups_add6(&g, text);
	ck_assert_uint_eq(g.n, 1);
	ck_assert_uint_eq(g.v[0].interface, 2);
	ck_assert_int_eq(g.v[0].group.s6_addr[15], 0xfb);
	free(g.v);
}
END_TEST

START_TEST(test_options)
{
	for (size_t i = 0; i < n_socket_options; i++) {
		ck_assert_uint_gt(socket_options[i].size, 0);
		ck_assert_uint_le(socket_options[i].size, SOCKET_VALUE_MAX);
		for (size_t k = 0; k < i; k++) {
			ck_assert_str_ne(socket_options[i].name, socket_options[k].name);
			ck_assert(socket_options[i].level != socket_options[k].level ||
				  socket_options[i].option != socket_options[k].option);
		}
	}
}
END_TEST

Suite *sockets_suite(void)
{
	Suite *s = suite_create("sockets");
	TCase *t = tcase_create("sockets");

	tcase_add_test(t, test_round_trip);
	tcase_add_loop_test(t, test_broken, 0, (int)(sizeof(broken) / sizeof(broken[0])));
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_groups4);
	tcase_add_test(t, test_groups6);
	tcase_add_test(t, test_options);
	suite_add_tcase(s, t);
	return s;
}
