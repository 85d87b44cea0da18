/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inspect/identity.c: names of locks and of command sockets. */
#include "config.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/identity.h"
#include "unit.h"

static void check_name(const char *place, const char *expected)
{
	char *name = place_file_name(place, ".lock");

	ck_assert_str_eq(name, expected);
	free(name);
}

START_TEST(test_file_name)
{
	check_name("/var/lib/lxc/c1", "-var-lib-lxc-c1.lock");
	/* each of these had the same name */
	check_name("/srv/a-b/c", "-srv-a\\x2db-c.lock");
	check_name("/srv/a/b-c", "-srv-a-b\\x2dc.lock");
	check_name("/srv/a/b/c", "-srv-a-b-c.lock");
	check_name("/srv/a\\x2db/c", "-srv-a\\x5cx2db-c.lock");
}
END_TEST

START_TEST(test_long_file_name)
{
	char one[1024] = "/1", two[1024] = "/2";
	char *a, *b;

	memset(one + 2, 'x', 1000);
	memset(two + 2, 'x', 1000);
	a = place_file_name(one, ".lock");
	b = place_file_name(two, ".lock");
	ck_assert_str_ne(a, b);
	ck_assert_uint_le(strlen(a), NAME_MAX);
	ck_assert_ptr_null(strchr(a, '/'));
	free(a);
	free(b);
}
END_TEST

#define LISTENING "00000000ce296d30: 00000002 00000000 00010000 0001 01 402103 "
#define CONNECTED "00000000ce296d30: 00000003 00000000 00000000 0001 03 402103 "

static const struct {
	const char *line, *lxcpath;
} lines[] = {
	{LISTENING "@/var/lib/lxc/c1/command", "/var/lib/lxc"},
	{LISTENING "@lxc/c1/command", "lxc"},
	{LISTENING "@/run/a b/c1/command", "/run/a b"},
	{LISTENING "@/var/lib/lxc//c1/command", "/var/lib/lxc/"},
	{CONNECTED "@/var/lib/lxc/c1/command", NULL},
	{LISTENING "/var/lib/lxc/c1/command", NULL},
	{LISTENING "@/var/lib/lxc/c11/command", NULL},
	{LISTENING "@/var/lib/lxc/cc1/command", NULL},
	{LISTENING "@/var/lib/lxc/c1/command2", NULL},
	{LISTENING "@/c1/command", NULL},
	{LISTENING "@", NULL},
	{LISTENING, NULL},
	{"Num       RefCount Protocol Flags    Type St Inode Path", NULL},
	{"", NULL},
};

START_TEST(test_socket)
{
	char *lxcpath = command_socket_lxcpath(lines[_i].line, "c1");

	if (lines[_i].lxcpath)
		ck_assert_pstr_eq(lxcpath, lines[_i].lxcpath);
	else
		ck_assert_ptr_null(lxcpath);
	free(lxcpath);
}
END_TEST

Suite *identity_suite(void)
{
	Suite *s = suite_create("identity");
	TCase *t = tcase_create("names");

	tcase_add_test(t, test_file_name);
	tcase_add_test(t, test_long_file_name);
	tcase_add_loop_test(t, test_socket, 0, sizeof(lines) / sizeof(lines[0]));
	suite_add_tcase(s, t);
	return s;
}
