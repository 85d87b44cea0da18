/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <net/if_arp.h>

#include "inspect/nic_kinds.h"
#include "unit.h"

static const struct {
	struct nic_kind kind;
	bool made, fallback;
} kinds[] = {
	{{"bridge", "br0", ARPHRD_ETHER, true}, true, false},
	{{"tun", "tap0", ARPHRD_ETHER, true}, true, false},
	{{"tun", "tun0", ARPHRD_NONE, true}, true, false},
	{{"tun", "odd0", ARPHRD_PPP, false}, false, false},
	{{"sit", "tunnel", ARPHRD_SIT, true}, true, false},
	{{"sit", "sit0", ARPHRD_SIT, false}, true, true},
	{{"sit", "sit0", ARPHRD_SIT, true}, false, true},
	{{"gre", "gre0", ARPHRD_IPGRE, false}, true, true},
	{{"gre", "gre1", ARPHRD_IPGRE, false}, false, false},
	{{"gretap", "gretap0", ARPHRD_ETHER, true}, false, true},
	{{"ipip", "tunl0", ARPHRD_TUNNEL, false}, false, true},
	{{"ipip", "tunl1", ARPHRD_TUNNEL, false}, false, false},
	{{"dummy", "sit0", ARPHRD_ETHER, false}, false, false},
	{{"macvlan", "mac0", ARPHRD_ETHER, false}, false, false},
	{{"phys", "eth0", ARPHRD_ETHER, false}, false, false},
};

START_TEST(test_kinds)
{
	ck_assert_int_eq(nic_is_made(&kinds[_i].kind), kinds[_i].made);
	ck_assert_int_eq(nic_is_fallback(&kinds[_i].kind), kinds[_i].fallback);
}
END_TEST

Suite *nic_kinds_suite(void)
{
	Suite *s = suite_create("nic_kinds");
	TCase *t = tcase_create("kinds");

	tcase_add_loop_test(t, test_kinds, 0, sizeof(kinds) / sizeof(kinds[0]));
	suite_add_tcase(s, t);
	return s;
}
