/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "image/follow.h"
#include "sys/remove_tree.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"

#define PIECE  70000
#define PIECES 40

static char directory[32];
static int folder;

static void make_directory(void)
{
	strcpy(directory, "/tmp/follow-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder, 0);
}

static void remove_directory(void)
{
	fd_close(&folder);
	remove_tree(directory);
}

static int new_file(const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void expect_sum(const struct follower *f, const char *name, int fd, const char *data,
		       size_t len)
{
	_cleanup_free_ char *wanted = checksum_of(data, len), *found = NULL;
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	found = follow_sum(f, name, &st);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(wanted, found);
}

static void expect_none(const struct follower *f, const char *name, int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_ptr_null(follow_sum(f, name, &st));
}

/* One after the other, as CRIU writes them, with a number left out. */
START_TEST(test_growing)
{
	_cleanup_free_ char *data = xcalloc(PIECES, PIECE);
	struct follower *f = follow_start(folder);
	_cleanup_close_ int one = new_file("pages-1.img"), two = -1, other = new_file("core-1.img");
	const size_t half = (size_t)(PIECES / 2) * PIECE;

	for (size_t i = 0; i < (size_t)PIECES * PIECE; i++)
		data[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < PIECES; i++) {
		if (i == PIECES / 2)
			two = new_file("pages-3.img");
		ck_assert_int_eq(write_all(two < 0 ? one : two, data + i * PIECE, PIECE), 0);
		ck_assert_int_eq(write_all(other, data, 10), 0);
	}
	follow_stop(f);
	expect_sum(f, "pages-1.img", one, data, half);
	expect_sum(f, "pages-3.img", two, data + half, half);
	expect_none(f, "pages-2.img", two);
	expect_none(f, "pages-1.img", two);
	expect_none(f, "pages-1", one);
	expect_none(f, "core-1.img", other);
	/* what comes when the thread has ended is not in the sum */
	ck_assert_int_eq(write_all(two, data, PIECE), 0);
	expect_none(f, "pages-3.img", two);
	follow_free(f);
}
END_TEST

/* What was read of it is of another file then. */
START_TEST(test_shrunk)
{
	struct follower *f = follow_start(folder);
	_cleanup_close_ int fd = new_file("pages-1.img");

	ck_assert_int_eq(write_all(fd, "0123456789", 10), 0);
	follow_stop(f);
	ck_assert_int_eq(ftruncate(fd, 5), 0);
	expect_none(f, "pages-1.img", fd);
	follow_free(f);
}
END_TEST

/* More files than this process may have open, while the thread looks. */
START_TEST(test_many)
{
	struct rlimit few, before;
	struct follower *f;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){32, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	f = follow_start(folder);
	for (int i = 1; i <= 2000; i++) {
		_cleanup_free_ char *name = xasprintf("pages-%d.img", i);
		_cleanup_close_ int fd = new_file(name);

		ck_assert_int_eq(write_all(fd, &i, sizeof(i)), 0);
	}
	follow_stop(f);
	for (int i = 1; i <= 2000; i++) {
		_cleanup_free_ char *name = xasprintf("pages-%d.img", i);
		_cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

		expect_sum(f, name, fd, (const char *)&i, sizeof(i));
	}
	follow_free(f);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(test_nothing)
{
	struct follower *f = follow_start(folder);

	follow_stop(f);
	follow_stop(f);
	expect_none(f, "pages-1.img", folder);
	follow_free(f);
	follow_free(follow_start(folder));
	follow_stop(NULL);
	expect_none(NULL, "pages-1.img", folder);
	follow_free(NULL);
}
END_TEST

Suite *follow_suite(void)
{
	Suite *s = suite_create("follow");
	TCase *t = tcase_create("follow");

	tcase_add_checked_fixture(t, make_directory, remove_directory);
	tcase_add_test(t, test_growing);
	tcase_add_test(t, test_shrunk);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_nothing);
	suite_add_tcase(s, t);
	return s;
}
