/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/follow.h"
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

/* What was followed, and what came after that, are the whole. */
static void expect_sum(struct follower *f, int fd, const char *data, size_t len)
{
	_cleanup_free_ char *wanted = checksum_of(data, len), *found = NULL;
	_cleanup_checksum_ struct checksum *sum = NULL;
	struct stat st;
	uint64_t done;

	ck_assert_int_eq(fstat(fd, &st), 0);
	sum = follow_take(f, &st, &done);
	ck_assert_ptr_nonnull(sum);
	ck_assert_int_eq(checksum_add_file(sum, fd, done, len), 0);
	found = checksum_text(sum);
	ck_assert_str_eq(wanted, found);
}

START_TEST(test_growing)
{
	_cleanup_free_ char *data = xcalloc(PIECES, PIECE);
	struct follower *f = follow_start(folder);
	_cleanup_close_ int one = new_file("pages-1.img"), two = -1, other = new_file("core-1.img");
	const size_t half = (size_t)(PIECES / 2) * PIECE;
	struct stat st;
	uint64_t done;

	for (size_t i = 0; i < (size_t)PIECES * PIECE; i++)
		data[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < PIECES; i++) {
		if (i == PIECES / 2)
			two = new_file("pages-2.img");
		ck_assert_int_eq(write_all(one, data + i * PIECE, PIECE), 0);
		if (two >= 0)
			ck_assert_int_eq(write_all(two, data + i * PIECE, PIECE), 0);
		ck_assert_int_eq(write_all(other, data, 10), 0);
	}
	follow_stop(f);
	expect_sum(f, one, data, (size_t)PIECES * PIECE);
	/* what comes when it has ended is still to be read */
	memmove(data, data + half, half);
	ck_assert_int_eq(write_all(two, data, half), 0);
	memcpy(data + half, data, half);
	expect_sum(f, two, data, 2 * half);
	ck_assert_int_eq(fstat(other, &st), 0);
	ck_assert_ptr_null(follow_take(f, &st, &done));
	ck_assert_uint_eq(done, 0);
	follow_free(f);
}
END_TEST

/* What was read of it is of another file then. */
START_TEST(test_shrunk)
{
	struct follower *f = follow_start(folder);
	_cleanup_close_ int fd = new_file("pages-1.img");
	struct stat st;
	uint64_t done;

	ck_assert_int_eq(write_all(fd, "0123456789", 10), 0);
	follow_stop(f);
	ck_assert_int_eq(ftruncate(fd, 5), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_ptr_null(follow_take(f, &st, &done));
	ck_assert_uint_eq(done, 0);
	follow_free(f);
}
END_TEST

START_TEST(test_nothing)
{
	struct follower *f = follow_start(folder);
	struct stat st;
	uint64_t done = 1;

	ck_assert_int_eq(fstat(folder, &st), 0);
	follow_stop(f);
	follow_stop(f);
	ck_assert_ptr_null(follow_take(f, &st, &done));
	ck_assert_uint_eq(done, 0);
	follow_free(f);
	follow_free(follow_start(folder));
	follow_stop(NULL);
	ck_assert_ptr_null(follow_take(NULL, &st, &done));
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
	tcase_add_test(t, test_nothing);
	suite_add_tcase(s, t);
	return s;
}
