/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections of which both ends are in one network namespace, and none at all. */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "inspect/loopback.h"
#include "unit.h"
#include "util/mem.h"

#define ENDS_MAX 3

static struct tcp_socket one(const char *local, unsigned int from, const char *remote,
			     unsigned int to)
{
	struct tcp_socket s = {.local_port = htons((uint16_t)from),
			       .remote_port = htons((uint16_t)to)};

	ck_assert_int_eq(inet_pton(AF_INET6, local, &s.local), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, remote, &s.remote), 1);
	return s;
}

#define LO4 "::ffff:127.0.0.1"

static const struct {
	struct {
		const char *local;
		unsigned int from;
		const char *remote;
		unsigned int to;
	} v[ENDS_MAX];
	size_t n;
	bool both;
} tables[] = {
	{.n = 0, .both = false},
	{{{LO4, 8080, LO4, 49153}}, 1, false},
	{{{LO4, 8080, LO4, 49153}, {LO4, 49154, LO4, 8080}}, 2, false},
	{{{LO4, 8080, LO4, 49153}, {LO4, 49154, LO4, 8080}, {LO4, 49153, LO4, 8080}}, 3, true},
	{{{LO4, 49153, LO4, 49153}}, 1, true},
	{{{"::1", 8080, "::1", 49153}, {"::1", 49153, "::1", 8080}}, 2, true},
	{{{LO4, 8080, LO4, 49153}, {"::1", 49153, "::1", 8080}}, 2, false},
	{{{LO4, 8080, LO4, 49153}, {LO4, 8080, LO4, 49153}}, 2, false},
	{{{LO4, 8080, LO4, 49153}, {"::ffff:127.0.0.2", 49153, LO4, 8080}}, 2, false},
};

START_TEST(test_both_ends)
{
	struct tcp_socket v[ENDS_MAX];

	for (size_t i = 0; i < tables[_i].n; i++)
		v[i] = one(tables[_i].v[i].local, tables[_i].v[i].from, tables[_i].v[i].remote,
			   tables[_i].v[i].to);
	ck_assert_int_eq(loopback_in(v, tables[_i].n), tables[_i].both);
}
END_TEST

/* More than can be compared with each other, and the last two belong together. */
START_TEST(test_many)
{
	const uint32_t n = 50000;
	struct tcp_socket *v = xcalloc(n + 1, sizeof(*v));

	for (uint32_t i = 0; i < n; i++) {
		v[i] = one("::ffff:10.0.3.1", 8080, "::", 49153);
		v[i].remote.s6_addr32[3] = htonl(i);
	}
	ck_assert(!loopback_in(v, n));
	v[n] = v[7];
	v[n].local = v[7].remote;
	v[n].local_port = v[7].remote_port;
	v[n].remote = v[7].local;
	v[n].remote_port = v[7].local_port;
	ck_assert(loopback_in(v, n + 1));
	free(v);
}
END_TEST

#define OTHERS "UDP: inuse 0 mem 0\nRAW: inuse 0\n"

static const struct {
	const char *sockstat, *sockstat6;
	bool none;
} counts[] = {
	{"sockets: used 9\nTCP: inuse 0 orphan 0 tw 0 alloc 5 mem 0\n" OTHERS,
	 "TCP6: inuse 0\nUDP6: inuse 0\n", true},
	/* orphans and memory are the machine's */
	{"sockets: used 9\nTCP: inuse 0 orphan 3 tw 0 alloc 5 mem 7\n" OTHERS,
	 "TCP6: inuse 0\nUDP6: inuse 2\n", true},
	{"sockets: used 9\nTCP: inuse 1 orphan 0 tw 0 alloc 5 mem 0\n" OTHERS,
	 "TCP6: inuse 0\nUDP6: inuse 0\n", false},
	{"sockets: used 9\nTCP: inuse 0 orphan 0 tw 2 alloc 5 mem 0\n" OTHERS,
	 "TCP6: inuse 0\nUDP6: inuse 0\n", false},
	{"sockets: used 9\nTCP: inuse 0 orphan 0 tw 0 alloc 5 mem 0\n" OTHERS,
	 "TCP6: inuse 10\nUDP6: inuse 0\n", false},
	{"sockets: used 9\nTCP: inuse 0 orphan 0 tw 0 alloc 5 mem 0\n" OTHERS, "", false},
	{"", "TCP6: inuse 0\n", false},
};

START_TEST(test_none)
{
	ck_assert_int_eq(tcp_sockets_none(counts[_i].sockstat, counts[_i].sockstat6),
			 counts[_i].none);
}
END_TEST

Suite *loopback_suite(void)
{
	Suite *s = suite_create("loopback");
	TCase *t = tcase_create("loopback");

	tcase_add_loop_test(t, test_both_ends, 0, sizeof(tables) / sizeof(tables[0]));
	tcase_add_test(t, test_many);
	tcase_add_loop_test(t, test_none, 0, sizeof(counts) / sizeof(counts[0]));
	suite_add_tcase(s, t);
	return s;
}
