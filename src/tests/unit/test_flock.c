/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sys/sysmacros.h>

#include "sys/flock.h"
#include "unit.h"

static const char locks[] = "1: POSIX  ADVISORY  WRITE 100 00:1a:4711 0 EOF\n"
			    "2: FLOCK  ADVISORY  WRITE 200 00:1a:4711 0 EOF\n"
			    "3: FLOCK  ADVISORY  READ 300 08:01:4711 0 EOF\n"
			    "3: -> FLOCK  ADVISORY  WRITE 400 08:01:4711 0 EOF\n"
			    "4: -> FLOCK  ADVISORY  WRITE 500 08:02:4711 0 EOF\n"
			    "5: FLOCK  ADVISORY  WRITE 0 08:03:4711 0 EOF\n"
			    "6: FLOCK  ADVISORY\n"
			    "7: FLOCK  ADVISORY  READ 700 08:04:4712 0 EOF";

static const struct {
	unsigned int maj, min;
	ino_t ino;
	pid_t pid;
	bool shared;
} cases[] = {
	{0, 0x1a, 4711, 200, false},
	{8, 1, 4711, 300, true},
	/* one that only waits, and one that is elsewhere */
	{8, 2, 4711, 0, false},
	{8, 3, 4711, 0, false},
	{8, 4, 4712, 700, true},
	{8, 4, 4711, 0, false},
};

START_TEST(test_parse)
{
	struct flock_holder h =
		flock_holder_parse(locks, makedev(cases[_i].maj, cases[_i].min), cases[_i].ino);

	ck_assert_int_eq(h.pid, cases[_i].pid);
	ck_assert(h.shared == cases[_i].shared);
}
END_TEST

START_TEST(test_parse_nothing)
{
	ck_assert_int_eq(flock_holder_parse("", 1, 1).pid, 0);
	ck_assert_int_eq(flock_holder_parse("\n\n", 1, 1).pid, 0);
	ck_assert_int_eq(flock_holder_parse("rubbish\n1: FLOCK", 1, 1).pid, 0);
}
END_TEST

Suite *flock_suite(void)
{
	Suite *s = suite_create("flock");
	TCase *t = tcase_create("flock");

	tcase_add_loop_test(t, test_parse, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, test_parse_nothing);
	suite_add_tcase(s, t);
	return s;
}
