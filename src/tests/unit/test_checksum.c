/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"

#define PIECE ((size_t)512 * 1024)

static const size_t sizes[] = {
	0,
	1,
	PIECE - 1,
	PIECE,
	PIECE + 1,
	4 * PIECE - 1,
	4 * PIECE,
	4 * PIECE + 1,
	5 * PIECE + 3,
	16 * PIECE,
	33 * PIECE + 17,
};

/* No two pieces are the same: which one came first makes a difference. */
static char *make_data(size_t len)
{
	char *data = xcalloc(len + 8, 1);

	for (size_t i = 0; i + 8 <= len; i += 8)
		memcpy(data + i, &i, 8);
	return data;
}

static int make_file(const char *data, size_t len)
{
	int fd = memfd_create("data", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, data, len), 0);
	return fd;
}

START_TEST(test_file)
{
	size_t len = sizes[_i];
	_cleanup_free_ char *data = make_data(len), *wanted = checksum_of(data, len);
	_cleanup_close_ int fd = make_file(data, len);

	for (int i = 0; i < 5; i++) {
		_cleanup_free_ char *found = NULL;

		ck_assert_int_eq(checksum_of_file(fd, len, &found), 0);
		ck_assert_str_eq(found, wanted);
	}
}
END_TEST

START_TEST(test_one_cpu)
{
	size_t len = 9 * PIECE;
	_cleanup_free_ char *data = make_data(len), *wanted = checksum_of(data, len);
	_cleanup_free_ char *found = NULL;
	_cleanup_close_ int fd = make_file(data, len);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_int_eq(checksum_of_file(fd, len, &found), 0);
	ck_assert_str_eq(found, wanted);
}
END_TEST

/* What is not there is no sum, wherever it is missing. */
START_TEST(test_short)
{
	size_t len = sizes[_i];
	_cleanup_free_ char *data = make_data(len), *found = NULL;
	_cleanup_close_ int fd = make_file(data, len);

	ck_assert_int_eq(checksum_of_file(fd, len + 1, &found), -ENODATA);
	ck_assert_int_eq(checksum_of_file(fd, len + 20 * PIECE, &found), -ENODATA);
	ck_assert_int_eq(checksum_of_file(-1, len + 20 * PIECE, &found), -EBADF);
	ck_assert_ptr_null(found);
}
END_TEST

Suite *checksum_suite(void)
{
	Suite *s = suite_create("checksum");
	TCase *t = tcase_create("checksum");

	tcase_add_loop_test(t, test_file, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(t, test_short, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(t, test_one_cpu);
	suite_add_tcase(s, t);
	return s;
}
