/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "carry/process_flags.h"
#include "unit.h"
#include "util/mem.h"

static int parse(const char *text, struct process_flags *ret)
{
	return process_flags_parse(text, strlen(text), ret);
}

START_TEST(round_trip)
{
	static const char text[] = "8\n"
				   "1 8 io_flusher\n"
				   "42 60000 io_flusher memory_merge\n"
				   "43 8 lock_current lock_future lock_on_fault mdwe\n"
				   "44 8 mdwe_not_inherited\n"
				   "2147483647 ffffffff memory_merge\n";
	_cleanup_process_flags_ struct process_flags p = {0};
	_cleanup_free_ char *again = NULL;
	struct thread_flags t;

	ck_assert_int_eq(parse(text, &p), 0);
	ck_assert_uint_eq(p.n, 5);
	ck_assert(!process_flags_usual(&p));
	t = process_flags_find(&p, 42);
	ck_assert_uint_eq(t.personality, 0x60000);
	ck_assert(t.has[PROCESS_IO_FLUSHER] && t.has[PROCESS_MEMORY_MERGE]);
	ck_assert(process_flags_find(&p, 43).has[PROCESS_MDWE]);
	ck_assert(!process_flags_find(&p, 43).has[PROCESS_MDWE_NOT_INHERITED]);
	ck_assert(process_flags_find(&p, 44).has[PROCESS_MDWE_NOT_INHERITED]);
	ck_assert(!process_flags_find(&p, 44).has[PROCESS_MDWE]);
	t = process_flags_find(&p, 45);
	ck_assert_uint_eq(t.personality, 8);
	ck_assert(!t.has[PROCESS_IO_FLUSHER] && !t.has[PROCESS_MEMORY_MERGE]);
	again = process_flags_format(&p);
	ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(format_sorts)
{
	_cleanup_process_flags_ struct process_flags p = {0};
	_cleanup_free_ char *text = NULL;

	ck_assert(process_flags_usual(&p));
	for (int tid = 3; tid > 0; tid--)
		*ARRAY_ADD(p.v, p.n) = (struct thread_flags){.tid = tid, .personality = 0xa};
	text = process_flags_format(&p);
	ck_assert_str_eq(text, "0\n1 a\n2 a\n3 a\n");
}
END_TEST

static const char *const broken[] = {
	"",
	"\n",
	"8",
	"0x8\n",
	"-8\n",
	" 8\n",
	"100000000\n",
	"8\n1",
	"8\n1 8",
	"8\n0 8\n",
	"8\n-1 8\n",
	"8\n1  8\n",
	"8\n1 8 \n",
	"8\n1 0x8\n",
	"8\n2147483648 8\n",
	"8\n2 8\n1 8\n",
	"8\n1 8\n1 8\n",
	"8\n1 8 other\n",
	"8\n1 8 memory_merge io_flusher\n",
	"8\n1 8 io_flusher io_flusher\n",
	"8\n1 8 io_flusherx\n",
	"8\n1 8 mdwe_\n",
	"8\n\n",
};

START_TEST(is_refused)
{
	struct process_flags p = {0};

	ck_assert_int_lt(parse(broken[_i], &p), 0);
	ck_assert_ptr_null(p.v);
}
END_TEST

START_TEST(a_zero_is_refused)
{
	struct process_flags p = {0};

	ck_assert_int_lt(process_flags_parse("8\n\0", 3, &p), 0);
}
END_TEST

START_TEST(stat_line)
{
	ck_assert(process_stat_io_flusher("7 (a) S 1 7 7 0 -1 5767168 100"));
	/* another flag, only one of the two, and a name with a number where the flags would be */
	ck_assert(!process_stat_io_flusher("7 (a) S 1 7 7 0 -1 4194304 100"));
	ck_assert(!process_stat_io_flusher("7 (a) S 1 7 7 0 -1 4718592 100"));
	ck_assert(!process_stat_io_flusher("7 (a) S 1 7 7 0 -1 5767168) S 1 7 7 0 -1 4194304 1"));
	ck_assert(!process_stat_io_flusher("7 (a) S 1"));
	ck_assert(!process_stat_io_flusher(""));
}
END_TEST

Suite *process_flags_suite(void)
{
	Suite *suite = suite_create("process_flags");
	TCase *tests = tcase_create("pure");

	tcase_add_test(tests, round_trip);
	tcase_add_test(tests, format_sorts);
	tcase_add_loop_test(tests, is_refused, 0, sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(tests, a_zero_is_refused);
	tcase_add_test(tests, stat_line);
	suite_add_tcase(suite, tests);
	return suite;
}
