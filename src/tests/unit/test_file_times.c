/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "carry/file_times.h"
#include "image/history.h"
#include "preflight/restore/restore_checks.h"
#include "unit.h"
#include "util/mem.h"

static int parse(const char *text, struct file_times *ret)
{
	return file_times_parse(text, strlen(text), ret);
}

START_TEST(test_round_trip)
{
	static const char text[] = "1 0 0.000000000\n"
				   "12 4096 1769860800.123456789\n"
				   "4294967295 999999999999999999 -1.999999999\n";
	_cleanup_file_times_ struct file_times t = {0};
	_cleanup_free_ char *again = NULL;

	ck_assert_int_eq(parse(text, &t), 0);
	ck_assert_uint_eq(t.n, 3);
	ck_assert_uint_eq(file_times_find(&t, 12)->size, 4096);
	ck_assert_int_eq(file_times_find(&t, 12)->mtime.tv_nsec, 123456789);
	ck_assert_ptr_null(file_times_find(&t, 13));
	again = file_times_format(&t);
	ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(test_format_sorts)
{
	_cleanup_file_times_ struct file_times t = {0};
	_cleanup_free_ char *text = NULL;

	for (unsigned int id = 3; id > 0; id--)
		*ARRAY_ADD(t.v, t.n) = (struct file_time){.id = id, .size = id};
	text = file_times_format(&t);
	ck_assert_str_eq(text, "1 1 0.000000000\n2 2 0.000000000\n3 3 0.000000000\n");
}
END_TEST

static const char *const broken[] = {
	"1",
	"1 2",
	"1 2 3",
	"1 2 3.000000000",
	"1 2 3.0000000000\n",
	"1 2 .000000000\n",
	"1 2 --3.000000000\n",
	" 1 2 3.000000000\n",
	"1  2 3.000000000\n",
	"-1 2 3.000000000\n",
	"4294967296 2 3.000000000\n",
	"1 99999999999999999999 3.000000000\n",
	"1 18446744073709551616 3.000000000\n",
	"1 2 9223372036854775808.000000000\n",
	"1 2 3.000000000\n1 2 3.000000000\n",
	"2 2 3.000000000\n1 2 3.000000000\n",
	"\n",
};

START_TEST(test_broken)
{
	struct file_times t = {0};

	ck_assert_int_lt(parse(broken[_i], &t), 0);
	ck_assert_ptr_null(t.v);
}
END_TEST

START_TEST(test_nul)
{
	struct file_times t = {0};

	ck_assert_int_lt(file_times_parse("\0\n", 2, &t), 0);
	ck_assert_int_eq(file_times_parse("", 0, &t), 0);
	ck_assert_uint_eq(t.n, 0);
	ck_assert_ptr_null(file_times_find(&t, 0));
}
END_TEST

/* then: 100 bytes, at 1000.5 s */
static const struct {
	off_t size;
	struct timespec mtime;
	enum file_age age;
} ages[] = {
	{100, {1000, 500000000}, FILE_SAME},
	/* copies: cut off to microseconds, to seconds, to two seconds, rounded */
	{100, {1000, 499999000}, FILE_SAME},
	{100, {1000, 0}, FILE_SAME},
	{100, {999, 0}, FILE_SAME},
	{100, {1000, 500000999}, FILE_SAME},
	{100, {1000, 500002000}, FILE_NEWER},
	{100, {1000, 504000000}, FILE_NEWER},
	{100, {1001, 0}, FILE_NEWER},
	{101, {1001, 0}, FILE_NEWER},
	{100, {INT64_MAX, 0}, FILE_NEWER},
	{99, {1000, 500000000}, FILE_RESIZED},
	{99, {1000, 0}, FILE_RESIZED},
	{99, {5, 0}, FILE_RESIZED},
	{100, {998, 0}, FILE_OLDER},
	{100, {-5, 0}, FILE_OLDER},
	{100, {INT64_MIN, 0}, FILE_OLDER},
};

START_TEST(test_compare)
{
	const struct file_time then = {.size = 100, .mtime = {1000, 500000000}};
	const struct stat now = {.st_size = ages[_i].size, .st_mtim = ages[_i].mtime};

	ck_assert_int_eq(file_time_compare(&then, &now), ages[_i].age);
}
END_TEST

static const struct {
	off_t size;
	time_t mtime;
	enum file_age age;
	const char *text;
} texts[] = {
	{100, 1769860805, FILE_NEWER,
	 "is newer than at the checkpoint: it was changed at 2026-01-31T12:00:05Z (then: "
	 "2026-01-31T12:00:00Z)"},
	{101, 1769860805, FILE_NEWER,
	 "is newer than at the checkpoint: it was changed at 2026-01-31T12:00:05Z (then: "
	 "2026-01-31T12:00:00Z), and has 101 bytes (then: 100)"},
	{100, 1769860000, FILE_OLDER,
	 "is older than at the checkpoint: it was changed at 2026-01-31T11:46:40Z (then: "
	 "2026-01-31T12:00:00Z)"},
	{99, 1769860800, FILE_RESIZED,
	 "has another size than at the checkpoint: 99 bytes (then: 100)"},
};

START_TEST(test_text)
{
	const struct file_time then = {.size = 100, .mtime = {1769860800, 0}};
	const struct stat now = {.st_size = texts[_i].size, .st_mtim = {texts[_i].mtime, 0}};
	_cleanup_free_ char *text = stale_text(&then, &now, texts[_i].age);

	ck_assert_str_eq(text, texts[_i].text);
}
END_TEST

START_TEST(test_history)
{
	_cleanup_free_ char *text = xstrdup("2026-01-31T12:00:00Z\n\nyesterday\n"
					    "2026-02-01T12:00:00Z\n2026-02-0");
	_cleanup_strv_ struct strv times = {0};

	history_parse(text, &times);
	ck_assert_uint_eq(times.n, 2);
	ck_assert_str_eq(times.v[0], "2026-01-31T12:00:00Z");
	ck_assert_str_eq(times.v[1], "2026-02-01T12:00:00Z");
}
END_TEST

#define N(a) (int)(sizeof(a) / sizeof((a)[0]))

Suite *file_times_suite(void)
{
	Suite *s = suite_create("file_times");
	TCase *t = tcase_create("file_times");

	tcase_add_test(t, test_round_trip);
	tcase_add_test(t, test_format_sorts);
	tcase_add_loop_test(t, test_broken, 0, N(broken));
	tcase_add_test(t, test_nul);
	tcase_add_loop_test(t, test_compare, 0, N(ages));
	tcase_add_loop_test(t, test_text, 0, N(texts));
	tcase_add_test(t, test_history);
	suite_add_tcase(s, t);
	return s;
}
