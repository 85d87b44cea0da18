/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "inspect/listener.h"
#include "unit.h"

static uint32_t look(const char *line, const char *name)
{
	char address[108] = {0};

	memcpy(address + 1, name, strlen(name));
	return listener_of_line(line, strlen(line), address, strlen(name) + 1);
}

START_TEST(lines)
{
	static const struct {
		const char *line;
		uint32_t inode;
	} rows[] = {
		{"0000000000000000: 00000002 00000000 00010000 0001 01  31415 @/lxc/c1/command",
		 31415},
		{"00000000e25ce7a1: 00000002 00000000 00010000 0001 01 4294967295 @/lxc/c1/command",
		 4294967295},
		/* a connection to it */
		{"0000000000000000: 00000003 00000000 00000000 0001 03 31416 @/lxc/c1/command", 0},
		/* other names */
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415 @/lxc/c1/commands", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415 @/lxc/c1/comman", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415 /lxc/c1/command", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415 @@/lxc/c1/command", 0},
		/* no line of a socket, or one without a name */
		{"Num       RefCount Protocol Flags    Type St Inode Path", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 31415 ", 0},
		{"0000000000000000: 00000002 00000000 00010000 0001 01 4294967296 @/lxc/c1/command",
		 0},
		{"/lxc/c1/command", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(look(rows[i].line, "/lxc/c1/command"), rows[i].inode);
	/* NULs in a name cannot be told from this */
	ck_assert_uint_eq(
		look("0000000000000000: 00000002 00000000 00010000 0001 01 7 @a@b", "a@b"), 7);
}
END_TEST

Suite *listener_suite(void)
{
	Suite *s = suite_create("listener");
	TCase *t = tcase_create("table");

	tcase_add_test(t, lines);
	suite_add_tcase(s, t);
	return s;
}
