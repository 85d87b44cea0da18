/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Id maps, and the options of mounts, as text. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "facts/idmap.h"
#include "sys/mountflags.h"
#include "unit.h"
#include "util/mem.h"

static const struct {
	const char *text;
	const char *kind; /* NULL: lines of lxc.idmap */
	const char *uids; /* as the kernel wants them; NULL: refused */
	const char *gids;
	long root_uid, root_gid;
} maps[] = {
	{"", NULL, "", "", -1, -1},
	{"         0     100000      65536\n", "u", "0 100000 65536\n", "", 100000, -1},
	{"         0          0 4294967295\n", "g", "", "0 0 4294967295\n", -1, 0},
	{"u 0 100000 65536\ng 0 200000 65536\n", NULL, "0 100000 65536\n", "0 200000 65536\n",
	 100000, 200000},
	/* the order in a config is anybody's */
	{"g 1001 101001 9\nu 0 1 1\ng 0 100000 1000\nu 5 5 1\ng 1000 1000 1\n", NULL,
	 "0 1 1\n5 5 1\n", "0 100000 1000\n1000 1000 1\n1001 101001 9\n", 1, 100000},
	{"1 100000 65535\n", "u", "1 100000 65535\n", "", -1, -1},
	{"0 100000\n", "u", NULL, NULL, -1, -1},
	{"0 100000 1 1\n", "u", NULL, NULL, -1, -1},
	{"0 100000 0\n", "u", NULL, NULL, -1, -1},
	{"u 0 100000 1\n", "u", NULL, NULL, -1, -1},
	{"x 0 100000 1\n", NULL, NULL, NULL, -1, -1},
	{"0 100000 1\n", NULL, NULL, NULL, -1, -1},
};

START_TEST(test_map)
{
	_cleanup_facts_ struct container_facts facts = {0};
	_cleanup_error_ struct error *e = NULL;
	int r = idmap_parse(maps[_i].text, maps[_i].kind, &facts, &e);

	if (!maps[_i].uids) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert(strstr(e->message, "is not a line of an ID map"));
		return;
	}
	_cleanup_free_ char *uids = facts_id_map(&facts, "u");
	_cleanup_free_ char *gids = facts_id_map(&facts, "g");

	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(uids, maps[_i].uids);
	ck_assert_str_eq(gids, maps[_i].gids);
	ck_assert_int_eq(facts_root_id(&facts, "u"), maps[_i].root_uid);
	ck_assert_int_eq(facts_root_id(&facts, "g"), maps[_i].root_gid);
}
END_TEST

static const struct {
	const char *options;
	bool known;
	unsigned long flags;
} options[] = {
	{"rw", true, MS_STRICTATIME},
	{"rw,relatime", true, MS_RELATIME},
	{"ro,nosuid,nodev,noexec,relatime", true,
	 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME},
	{"ro,noatime,nodiratime", true, MS_RDONLY | MS_NOATIME | MS_NODIRATIME},
	{"rw,relatime,idmapped", false, 0},
	{"", false, 0},
	{"ro,", false, 0},
	{"r", false, 0},
	{"rox", false, 0},
};

START_TEST(test_options)
{
	unsigned long flags = 0;

	ck_assert_int_eq(mount_flags_parse(options[_i].options, &flags), options[_i].known);
	ck_assert_uint_eq(flags, options[_i].flags);
}
END_TEST

START_TEST(test_option)
{
	ck_assert(mount_options_have("rw,relatime,idmapped", "idmapped"));
	ck_assert(mount_options_have("idmap=container", "idmap=container"));
	ck_assert(mount_options_have("a,b,c", "b"));
	ck_assert(!mount_options_have("rw,relatime", "idmapped"));
	ck_assert(!mount_options_have("xidmapped,idmappedx", "idmapped"));
	ck_assert(!mount_options_have("", "ro"));
}
END_TEST

Suite *users_suite(void)
{
	Suite *s = suite_create("users");
	TCase *t = tcase_create("text");

	tcase_add_loop_test(t, test_map, 0, sizeof(maps) / sizeof(maps[0]));
	tcase_add_loop_test(t, test_options, 0, sizeof(options) / sizeof(options[0]));
	tcase_add_test(t, test_option);
	suite_add_tcase(s, t);
	return s;
}
