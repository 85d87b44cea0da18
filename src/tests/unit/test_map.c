/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers by number, and the child that looks where one could have to wait. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "sys/scout.h"
#include "unit.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

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
	long type;

	ck_assert_int_ge(fd, 0);
	ck_assert(stat_without_sync(fd, &there) == 0 && stat("/dev/null", &here) == 0);
	ck_assert(here.st_ino == there.st_ino && here.st_dev == there.st_dev &&
		  here.st_rdev == there.st_rdev && here.st_mode == there.st_mode);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(scout_open(&s, getpid(), "/nowhere/at/all", O_PATH), -ENOENT);
	ck_assert_int_eq(scout_open(&s, getpid(), "/proc/self/root", O_PATH), -ELOOP);
	ck_assert(scout_filesystem(&s, "/proc", &type) == 0 && type == 0x9fa0);
	ck_assert_int_eq(scout_stat(&s, "/proc/self/fd/0/nowhere", &there), -ENOTDIR);
	ck_assert(scout_stat(&s, "/dev/null", &there) == 0 && there.st_rdev == here.st_rdev);
}
END_TEST

struct lines {
	struct scout *s;
	size_t n, wanted;
	unsigned int wrong;
};

/* Each begins with its number, and asks for something else, as those who look at mappings do. */
static bool take_line(const char *line, size_t len, void *userdata)
{
	struct lines *l = userdata;
	struct stat st;

	l->wrong += strtoul(line, NULL, 10) != l->n || len != 6 + l->n % 100 ||
		    (l->n % 1000 == 0 && scout_stat(l->s, "/dev/null", &st) != 0);
	return ++l->n != l->wanted;
}

START_TEST(reads_lines_of_large_files)
{
	_cleanup_scout_ struct scout s = {.limit = SCOUT_LIMIT};
	struct lines all = {.s = &s}, some = {.s = &s, .wanted = 5}, none = {.s = &s};
	char path[] = "/tmp/lxc-checkpoint-lines-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	size_t n = 100000; /* several parts */

	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%06zu%.*s\n", i, (int)(i % 100),
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxx"
			"xxxxxxxxxxxxxxxxxxxxxx");
	fprintf(f, "%06zu", n); /* without an end */
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(scout_read_lines(&s, path, take_line, &some), 0);
	ck_assert(some.n == 5 && some.wrong == 0);
	ck_assert_int_eq(scout_read_lines(&s, path, take_line, &all), 0);
	ck_assert_uint_eq(all.n, n + 1);
	ck_assert_uint_eq(all.wrong, 0);
	ck_assert_int_eq(scout_read_lines(&s, "/dev/null", take_line, &none), 0);
	ck_assert_int_eq(scout_read_lines(&s, "/dev/zero", take_line, &none), -EFBIG);
	ck_assert_int_eq(scout_read_lines(&s, "/nowhere", take_line, &none), -ENOENT);
	ck_assert_uint_eq(none.n, 0);
	unlink(path);
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
	tcase_add_test(tc, reads_lines_of_large_files);
	tcase_add_test(tc, refuses_what_is_too_long);
	tcase_add_test(tc, is_given_up_once_for_all);
	suite_add_tcase(suite, tc);
	return suite;
}
