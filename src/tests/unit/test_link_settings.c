/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <string.h>

#include "sys/bridge_port.h"
#include "sys/link_settings.h"
#include "unit.h"
#include "util/mem.h"

static const struct {
	const char *name, *value;
	bool valid;
} settings[] = {
	{"port.isolated", "1", true},
	{"queues", "4:1", true},
	{"queues", "4:0", false},
	{"queues", "4", false},
	{"queues", ":1", false},
	{"queues", "4:1:1", false},
	{"queues", "4097:1", false},
	{"gso_max_size", "32768", true},
	{"gso_max_size", "-1", false},
	{"port.isolated", "0", true},
	{"port.isolated", "256", false},
	{"port.isolated", "", false},
	{"port.isolated", "01", false},
	{"port.isolated", "-1", false},
	{"port.isolated", "1 ", false},
	{"port.cost", "4294967295", true},
	{"port.cost", "4294967296", false},
	{"port.cost", "99999999999", false},
	{"port.", "1", false},
	{"port", "1", false},
	{"port.isolated2", "1", false},
	{"port.backup_port", "eth0", true},
	{"port.backup_port", "a/b", false},
	{"port.backup_port", "1234567890123456", false},
	{"ipv4.rp_filter", "2", true},
	{"ipv4.rp_filter", "-1", true},
	{"ipv4.rp_filter", "--1", false},
	{"ipv4.rp_filter", "2\n", false},
	{"ipv4.../all/forwarding", "1", false},
	{"ipv4.proxy_ndp", "1", false},
	{"ipv6.proxy_ndp", "1", true},
	{"ipv6.disable_ipv6", "1", false},
	{"alias", "anything; $(at) all \303\244", true},
	{"alias", "", false},
	{"alias", " x", false},
	{"alias", "a\nb", false},
	{"alias", "a\033b", false},
	{"alias", "\377", false},
	{"altname", "c1-eth0.the.first.one.of.all", true},
	{"altname", "a b", false},
	{"altname", "a/b", false},
	{"mtu", "1400", true},
	{"mtu", "2147483648", false},
	{"group", "7", true},
	{"txqueuelen", "0", true},
	{"mtux", "1", false},
	{"", "", false},
	{"vlans", "none", true},
	{"vlans", "1", true},
	{"vlans", "1:pvid:untagged,2-9,10:untagged,11-4094", true},
	{"vlans", "", false},
	{"vlans", "0", false},
	{"vlans", "4095", false},
	{"vlans", "1,", false},
	{"vlans", ",1", false},
	{"vlans", "2,1", false},
	{"vlans", "1,1", false},
	{"vlans", "2-2", false},
	{"vlans", "3-2", false},
	{"vlans", "1-2:pvid", false},
	{"vlans", "1:untagged:pvid", false},
	{"vlans", "1:tagged", false},
	{"vlans", "1 ", false},
	{"fdb", "00:16:3e:00:00:01 static", true},
	{"fdb", "00:16:3e:00:00:01 vlan 5 static sticky", true},
	{"fdb", "00:16:3e:00:00:01 permanent", true},
	{"fdb", "00:16:3e:00:00:01", false},
	{"fdb", "00:16:3e:00:00:01 dynamic", false},
	{"fdb", "00:16:3E:00:00:01 static", false},
	{"fdb", "00:16:3e:00:00 static", false},
	{"fdb", "00:16:3e:00:00:0", false},
	{"fdb", "00:16:3e:00:00:01 vlan 0 static", false},
	{"fdb", "00:16:3e:00:00:01 vlan static", false},
	{"fdb", "00:16:3e:00:00:01 static sticky x", false},
	{"address", "10.0.5.1/32 peer 10.0.5.2 broadcast 10.0.5.3 scope 0 flags 128", true},
	{"address", "fd00::1/64", true},
	{"address", "fd00::1/129", false},
	{"address", "10.0.5.1/33", false},
	{"address", "10.0.5.1", false},
	{"address", "10.0.5/24", false},
	{"address", "10.0.5.1/32 peer fd00::1", false},
	{"address", "10.0.5.1/32 peer", false},
	{"address", "10.0.5.1/32 scope 256", false},
	{"address", "10.0.5.1/32 scope 1 scope 1", false},
	{"address", "10.0.5.1/32  scope 1", false},
	{"address", "10.0.5.1/32 label x", false},
	{"address", "", false},
	{"route", "0.0.0.0/0 via 10.0.5.2 table 100 proto 3 scope 0 type 1 flags 4", true},
	{"route", "::/0 via fe80::1 metric 4294967295", true},
	{"route", "10.0.0.0/8 via fe80::1", false},
	{"route", "10.0.0.0/8 type 256", false},
	{"route", "10.0.0.0/8 via 10.0.5.2 ", false},
	{"route", "10.0.0.0/8 dev eth0", false},
	{"route", "default", false},
	{"neighbour", "10.0.5.2 lladdr 00:16:3e:00:00:01 flags 128", true},
	{"neighbour", "fd00::2 proxy 1", true},
	{"neighbour", "fd00::2", false},
	{"neighbour", "fd00::2 proxy 2", false},
	{"neighbour", "fd00::2 proxy 1 lladdr 00:16:3e:00:00:01", false},
	{"neighbour", "fd00::2 lladdr 00:16:3e:00:00:0", false},
	{"neighbour", "fd00::2 lladdr 00:16:3e:00:00:01:02", false},
};

START_TEST(test_valid)
{
	ck_assert_msg(link_setting_valid(settings[_i].name, settings[_i].value) ==
			      settings[_i].valid,
		      "%s \"%s\"", settings[_i].name, settings[_i].value);
}
END_TEST

START_TEST(test_vlans)
{
	const char *text = "1:pvid:untagged,2-9,4094:untagged", *p = text;
	_cleanup_free_ char *again = NULL;
	struct vlan_range r;
	size_t n = 0;

	for (; vlan_range_parse(&p, &r); n++) {
		vlan_range_append(&again, &r);
		if (n == 1) {
			ck_assert_uint_eq(r.first, 2);
			ck_assert_uint_eq(r.last, 9);
			ck_assert_uint_eq(r.flags, 0);
		}
	}
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(r.flags, BRIDGE_VLAN_INFO_UNTAGGED);
	ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(test_kinds)
{
	ck_assert(link_setting_is_of_port("port.cost"));
	ck_assert(link_setting_is_of_port("vlans"));
	ck_assert(!link_setting_is_of_port("alias"));
	ck_assert(link_setting_is_early("ipv6.proxy_ndp"));
	ck_assert(!link_setting_is_early("vlans"));
	ck_assert(!link_setting_is_early("nothing"));
	ck_assert_int_eq(link_setting_apply("lo", "nothing", "1"), -EINVAL);
}
END_TEST

Suite *link_settings_suite(void)
{
	Suite *s = suite_create("link_settings");
	TCase *t = tcase_create("settings");

	tcase_add_loop_test(t, test_valid, 0, sizeof(settings) / sizeof(settings[0]));
	tcase_add_test(t, test_vlans);
	tcase_add_test(t, test_kinds);
	suite_add_tcase(s, t);
	return s;
}
