/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "inspect/open_vswitch.h"
#include "unit.h"

static bool is_bridge(const char *link)
{
	return strcmp(link, "br0") == 0;
}

static const struct {
	const char *type, *link, *mode;
	bool asked;
} nets[] = {
	{"veth", "br0", NULL, false},	  {"veth", "ovs0", NULL, true},
	{"veth", "ovs0", "bridge", true}, {"veth", "ovs0", "router", false},
	{"veth", NULL, NULL, false},	  {"macvlan", "ovs0", NULL, false},
	{"none", NULL, NULL, false},
};

START_TEST(test_asks)
{
	char type[16], link[16], mode[16];
	struct config_item items[] = {
		{(char *)(uintptr_t)"lxc.net.7.type", type},
		{(char *)(uintptr_t)"lxc.net.7.link", link},
		{(char *)(uintptr_t)"lxc.net.7.veth.mode", mode},
	};
	struct settings s = {.items = items, .n = 3};

	strcpy(type, nets[_i].type);
	strcpy(link, nets[_i].link ? nets[_i].link : "");
	strcpy(mode, nets[_i].mode ? nets[_i].mode : "");
	ck_assert_int_eq(asks_for_open_vswitch(&s, is_bridge), nets[_i].asked);
}
END_TEST

Suite *open_vswitch_suite(void)
{
	Suite *s = suite_create("open_vswitch");
	TCase *t = tcase_create("asks");

	tcase_add_loop_test(t, test_asks, 0, sizeof(nets) / sizeof(nets[0]));
	suite_add_tcase(s, t);
	return s;
}
