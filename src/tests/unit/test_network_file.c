/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "image/network_file.h"
#include "unit.h"
#include "util/mem.h"

static const struct {
	const char *name;
	bool valid;
} names[] = {
	{"eth0", true},
	{"vethAbC12_.-", true},
	{"_x", true},
	{"eth0.100", true},
	{"123456789012345", true},
	{"1234567890123456", false},
	{"", false},
	{".", false},
	{"..", false},
	{".x", false},
	{"-x", false},
	{"-", false},
	{"a/b", false},
	{"a b", false},
	{"a;b", false},
	{"a$b", false},
	{"a\nb", false},
	{"a@b", false},
	{"a:b", false},
	{"\303\244", false},
	{"all", false},
	{"default", false},
};

START_TEST(test_name)
{
	ck_assert_msg(network_name_valid(names[_i].name) == names[_i].valid, "\"%s\"",
		      names[_i].name);
}
END_TEST

static const struct {
	const char *mac;
	bool valid;
} macs[] = {
	{"00:16:3e:aa:BB:09", true},   {"", false},
	{"00:16:3e:aa:bb", false},     {"00:16:3e:aa:bb:cc:dd", false},
	{"00-16-3e-aa-bb-cc", false},  {"00:16:3e:aa:bb:cg", false},
	{"00:16:3e:aa:bb:cc ", false}, {"0:016:3e:aa:bb:cc", false},
};

START_TEST(test_mac)
{
	ck_assert_msg(network_mac_valid(macs[_i].mac) == macs[_i].valid, "\"%s\"", macs[_i].mac);
}
END_TEST

START_TEST(test_round_trip)
{
	char veth[] = "veth", macvlan[] = "macvlan", eth0[] = "eth0", eth1[] = "eth1",
	     eth2[] = "eth2", eth3[] = "eth3", host0[] = "vethA", host1[] = "vethB",
	     br[] = "lxcbr0", mac[] = "fe:00:00:00:00:01";
	char isolated[] = "port.isolated", one[] = "1", alias[] = "alias", words[] = "two words";
	struct nic_setting settings[] = {{isolated, one, false}, {alias, words, false}};
	const struct nic nics[] = {
		{.type = veth,
		 .name = eth0,
		 .mtu = 1500,
		 .host_name = host0,
		 .host_mac = mac,
		 .bridge = br,
		 .host_ipv6_disabled = true,
		 .host_settings = settings,
		 .n_host_settings = 2},
		{.type = macvlan, .name = eth1, .mtu = 1500},
		{.type = veth, .name = eth2, .host_name = host1},
		/* in no namespace we see: nothing to put back */
		{.type = veth, .name = eth3},
	};
	const char *const names_now[] = {"vethNew", NULL, NULL, NULL};
	_cleanup_free_ char *text = network_to_text(nics, 4, NULL, false);
	_cleanup_free_ char *renamed = network_to_text(nics, 4, names_now, true);
	struct nic *back;
	size_t n;

	ck_assert_str_eq(strchr(text, '\n') + 1,
			 "veth eth0 vethA lxcbr0 fe:00:00:00:00:01 1500 off\n"
			 "set port.isolated 1\n"
			 "set alias two words\n"
			 "veth eth2 vethB - - - on\n");
	ck_assert_ptr_nonnull(strstr(renamed, "veth eth0 vethNew lxcbr0"));
	ck_assert_ptr_nonnull(strstr(renamed, "veth eth2 vethB -"));
	ck_assert_ptr_nonnull(strstr(renamed, "try alias two words\n"));

	ck_assert_int_eq(network_from_text(text, strlen(text), &back, &n, NULL), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(back[0].type, "veth");
	ck_assert_str_eq(back[0].name, "eth0");
	ck_assert_str_eq(back[0].host_name, "vethA");
	ck_assert_str_eq(back[0].bridge, "lxcbr0");
	ck_assert_str_eq(back[0].host_mac, mac);
	ck_assert_uint_eq(back[0].mtu, 1500);
	ck_assert(back[0].host_ipv6_disabled);
	ck_assert_uint_eq(back[0].n_host_settings, 2);
	ck_assert_str_eq(back[0].host_settings[1].name, "alias");
	ck_assert_str_eq(back[0].host_settings[1].value, "two words");
	ck_assert_ptr_null(back[1].bridge);
	ck_assert_ptr_null(back[1].host_mac);
	ck_assert_uint_eq(back[1].mtu, 0);
	ck_assert(!back[1].host_ipv6_disabled);
	ck_assert(!back[0].host_settings[1].may_fail);
	network_free(back, n);

	ck_assert_int_eq(network_from_text(renamed, strlen(renamed), &back, &n, NULL), 0);
	ck_assert(back[0].host_settings[1].may_fail);
	network_free(back, n);
}
END_TEST

START_TEST(test_empty)
{
	struct nic *nics = NULL;
	size_t n = 1;

	ck_assert_int_eq(network_from_text("", 0, &nics, &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
	network_free(nics, n);
	ck_assert_int_eq(network_from_text("# x\n#\n", 6, &nics, &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
	network_free(nics, n);
}
END_TEST

static const struct {
	const char *text, *wrong;
} bad[] = {
	{"veth eth0 v br - 1500 on", "no newline"},
	{"\n", "line 1: not seven words"},
	{"# a\nveth eth0 v br - 1500\n", "line 2: not seven words"},
	{"veth eth0 v br - 1500 on x\n", "seven words"},
	{"veth  eth0 v br - 1500 on\n", "seven words"},
	{" veth eth0 v br - 1500 on\n", "seven words"},
	{"veth eth0 v br - 1500 on \n", "seven words"},
	{"veth\teth0 v br - 1500 on\n", "seven words"},
	{"phys eth0 v br - 1500 on\n", "veth"},
	{"veth eth/0 v br - 1500 on\n", "interface name"},
	{"veth eth0 - br - 1500 on\n", "host interface name"},
	{"veth eth0 all br - 1500 on\n", "host interface name"},
	{"veth eth0 v $(x) - 1500 on\n", "bridge"},
	{"veth eth0 v br 00:11 1500 on\n", "MAC"},
	{"veth eth0 v br - 67 on\n", "MTU"},
	{"veth eth0 v br - 65536 on\n", "MTU"},
	{"veth eth0 v br - 01500 on\n", "MTU"},
	{"veth eth0 v br - -1 on\n", "MTU"},
	{"veth eth0 v br - 4294967296 on\n", "MTU"},
	{"veth eth0 v br - 1500 yes\n", "IPv6"},
	{"veth eth0 v br - 1500 on\nveth eth1 w br - 1500 no\n", "line 2: IPv6"},
	{"set port.isolated 1\n", "of no interface"},
	{"veth eth0 v br - 1500 on\nset port.isolated\n", "without a value"},
	{"veth eth0 v br - 1500 on\nset port.isolated 256\n", "line 2: bad setting"},
	{"veth eth0 v br - 1500 on\nset x 1\n", "line 2: bad setting"},
	{"veth eth0 v br - 1500 on\nset  port.isolated 1\n", "line 2: bad setting"},
};

START_TEST(test_bad)
{
	_cleanup_error_ struct error *e = NULL;
	struct nic *nics = (struct nic *)-1;
	size_t n = 77;

	ck_assert_int_lt(network_from_text(bad[_i].text, strlen(bad[_i].text), &nics, &n, &e), 0);
	ck_assert_msg(strstr(e->message, bad[_i].wrong) != NULL, "%s", e->message);
	ck_assert_ptr_eq(nics, (struct nic *)-1);
	ck_assert_uint_eq(n, 77);
}
END_TEST

START_TEST(test_nul)
{
	static const char text[] = "veth eth0 v br - 1500 on\0\n";
	struct nic *nics;
	size_t n;

	ck_assert_int_eq(network_from_text(text, sizeof(text) - 1, &nics, &n, NULL), -EBADMSG);
}
END_TEST

Suite *network_file_suite(void)
{
	Suite *s = suite_create("network_file");
	TCase *t = tcase_create("network");

	tcase_add_loop_test(t, test_name, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_loop_test(t, test_mac, 0, sizeof(macs) / sizeof(macs[0]));
	tcase_add_test(t, test_round_trip);
	tcase_add_test(t, test_empty);
	tcase_add_loop_test(t, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, test_nul);
	suite_add_tcase(s, t);
	return s;
}
