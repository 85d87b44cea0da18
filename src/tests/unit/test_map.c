/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers by number, and the child that looks where one could have to wait. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"
#include "util/scout.h"
#include "util/tree.h"

START_TEST(finds_what_was_added)
{
	_cleanup_map_ struct map m = {0};
	size_t value = 7;

	ck_assert(!map_get(&m, 0, &value) && value == 7);
	for (uint64_t i = 0; i < 10000; i++)
		ck_assert(map_add(&m, i << 20, (size_t)i));
	ck_assert_uint_eq(m.n, 10000);
	ck_assert(!map_add(&m, 5 << 20, 1));
	ck_assert(map_get(&m, 5 << 20, &value) && value == 5);
	ck_assert(map_get(&m, 0, NULL) && !map_get(&m, 1, NULL) && !map_get(&m, UINT64_MAX, NULL));
	map_clear(&m);
	ck_assert(!map_get(&m, 5 << 20, NULL));
}
END_TEST

START_TEST(looks_at_files)
{
	_cleanup_scout_ struct scout s = {.limit = SCOUT_LIMIT};
	_cleanup_close_ int fd = scout_open(&s, getpid(), "/dev/null", O_PATH);
	struct stat here, there;
	const char *text;
	long type;

	ck_assert_int_ge(fd, 0);
	ck_assert(stat_without_sync(fd, &there) == 0 && stat("/dev/null", &here) == 0);
	ck_assert(here.st_ino == there.st_ino && here.st_dev == there.st_dev &&
		  here.st_rdev == there.st_rdev && here.st_mode == there.st_mode);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(scout_open(&s, getpid(), "/nowhere/at/all", O_PATH), -ENOENT);
	ck_assert_int_eq(scout_open(&s, getpid(), "/proc/self/root", O_PATH), -ELOOP);
	ck_assert(scout_filesystem(&s, "/proc", &type) == 0 && type == 0x9fa0);
	ck_assert_int_gt(scout_read(&s, "/proc/self/status", &text), 0);
	ck_assert_ptr_nonnull(strstr(text, "Name:"));
	ck_assert_int_eq(scout_read(&s, "/dev/zero", &text), -EFBIG);
	ck_assert_int_eq(scout_read(&s, "/dev/null", &text), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
	_cleanup_scout_ struct scout s = {.limit = SCOUT_LIMIT};
	char path[PATH_MAX + 2];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(scout_open(&s, getpid(), path, O_PATH), -ENAMETOOLONG);
	ck_assert_int_eq(s.pid, 0);
}
END_TEST

/* Nobody writes to it, so that to open it waits. */
START_TEST(is_given_up_once_for_all)
{
	char dir[] = "/tmp/unit-scout-XXXXXX";
	_cleanup_scout_ struct scout s = {.limit = 60};
	_cleanup_free_ char *path = NULL;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(scout_open(&s, getpid(), path, O_RDONLY), -ETIMEDOUT);
	ck_assert(s.lost);
	ck_assert_int_eq(scout_open(&s, getpid(), "/dev/null", O_PATH), -ETIMEDOUT);
	remove_tree(dir);
}
END_TEST

Suite *map_suite(void)
{
	Suite *suite = suite_create("map");
	TCase *tc = tcase_create("map");

	tcase_add_test(tc, finds_what_was_added);
	tcase_add_test(tc, looks_at_files);
	tcase_add_test(tc, refuses_what_is_too_long);
	tcase_add_test(tc, is_given_up_once_for_all);
	suite_add_tcase(suite, tc);
	return suite;
}
