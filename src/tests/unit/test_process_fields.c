/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/process_fields.c: values in the text of the kernel's files on a process. */
#include "config.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/process_fields.h"
#include "unit.h"
#include "util/mem.h"

static const char status[] = "Name:\tsleep\n"
			     "State:\tS (sleeping)\n"
			     "PPid:\t12\n"
			     "NSpid:\t4711\t45\t1\n"
			     "NSsid:\t4700\t0\t0\n"
			     "CapAmb:\t0000000000000400\n"
			     "RssAnon:\t     128 kB\n"
			     "Empty:\n"
			     "TracerPid:\t0";

START_TEST(test_fields)
{
	ck_assert_int_eq(strncmp(field_value(status, "Name"), "sleep\n", 6), 0);
	ck_assert_ptr_null(field_value(status, "Pid"));
	ck_assert_ptr_null(field_value(status, "Nam"));
	ck_assert_ptr_null(field_value("", "Name"));
	ck_assert_ptr_null(field_value(NULL, "Name"));
	ck_assert_int_eq(field_number(status, "PPid", 10), 12);
	ck_assert_int_eq(field_number(status, "RssAnon", 10), 128);
	ck_assert_int_eq(field_number(status, "CapAmb", 16), 0x400);
	ck_assert_int_eq(field_number(status, "Missing", 10), 0);
	ck_assert_int_eq(field_number(status, "TracerPid", 10), 0);
	ck_assert_int_eq(field_number("pos:\t0\nflags:\t02000200\n", "flags", 8), 02000200);
	ck_assert_uint_eq(field_count(status, "NSpid"), 3);
	ck_assert_uint_eq(field_count(status, "Empty"), 0);
	ck_assert_uint_eq(field_count(status, "Missing"), 0);
	ck_assert_int_eq(field_nth(status, "NSpid", 1), 45);
	ck_assert_int_eq(field_nth(status, "NSsid", 1), 0);
	ck_assert_int_eq(field_nth(status, "NSpid", 3), -1);
	ck_assert_int_eq(process_status_inner_id(status), 1);
	ck_assert_int_eq(process_status_inner_id("NSpid:\t4711\nPPid:\t1\n"), 4711);
	ck_assert_int_eq(process_status_inner_id("Name:\ta\n"), 0);
}
END_TEST

#define LINE "7 (a) S 12 70 71 34816 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8181 9\n"

START_TEST(test_stat)
{
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_PARENT), 12);
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_SESSION), 71);
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_TERMINAL), 34816);
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_FOREGROUND), -1);
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_FLAGS), 4194560);
	ck_assert_int_eq(process_stat_number(LINE, PROCESS_STAT_START), 8181);
	ck_assert_int_eq(process_stat_number("7 (a) S 12\n", PROCESS_STAT_PARENT), 12);
	ck_assert_int_eq(process_stat_state(LINE), 'S');
}
END_TEST

/* A process chooses its name, and can choose one that looks like the rest of the line. */
START_TEST(test_stat_name)
{
	static const struct {
		const char *line, *name;
	} lines[] = {
		{"7 (a b) R 12 1\n", "a b"}, {"7 (a) S 9 9) R 12 1\n", "a) S 9 9"},
		{"7 ((a) R 12 1\n", "(a"},   {"7 () R 12 1\n", ""},
		{"7 (a\n) R 12 1\n", "a\n"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_free_ char *name = process_stat_name(lines[i].line);

		ck_assert_str_eq(name, lines[i].name);
		ck_assert_int_eq(process_stat_state(lines[i].line), 'R');
		ck_assert_int_eq(process_stat_number(lines[i].line, PROCESS_STAT_PARENT), 12);
	}
}
END_TEST

static const char *const no_parent[] = {
	"",
	"7",
	"7 (a",
	"7 (a)",
	"7 (a) ",
	"7 (a) S",
	"7 (a) S ",
	"7 (a)S 12 1",
	"7 (a) S  12 1",
	"7 (a) S x 1",
	"7 (a) S - 1",
	"7 (a) S 12x 1",
	"7 (a) S +12 1",
	"7 (a) S 0x12 1",
	"7 (a) S 99999999999999999999 1",
};

START_TEST(test_stat_broken)
{
	ck_assert_int_eq(process_stat_number(no_parent[_i], PROCESS_STAT_PARENT), 0);
	ck_assert_int_eq(process_stat_number(no_parent[_i], PROCESS_STAT_START), 0);
}
END_TEST

START_TEST(test_stat_without)
{
	ck_assert_int_eq(process_stat_state(""), '?');
	ck_assert_int_eq(process_stat_state("7 (a)"), '?');
	ck_assert_int_eq(process_stat_state("7 (a) "), '?');
	ck_assert_int_eq(process_stat_state("7 (a) 1"), '?');
	ck_assert_ptr_null(process_stat_name(""));
	ck_assert_ptr_null(process_stat_name("7 (a"));
	ck_assert_ptr_null(process_stat_name("7 )a("));
}
END_TEST

START_TEST(test_own)
{
	_cleanup_free_ char *stat = process_text(getpid(), "stat");
	_cleanup_free_ char *text = process_text(getpid(), "status");

	ck_assert_int_eq(process_stat_number(stat, PROCESS_STAT_PARENT), getppid());
	ck_assert_int_eq(process_stat_number(stat, PROCESS_STAT_SESSION), getsid(0));
	ck_assert_int_eq(process_stat_state(stat), 'R');
	ck_assert_int_eq(process_status_number(getpid(), "PPid"), getppid());
	ck_assert_int_eq(process_status_number(getpid(), "PPi"), -1);
	ck_assert_int_eq(process_inner_id(getpid()), process_status_inner_id(text));
}
END_TEST

Suite *process_fields_suite(void)
{
	Suite *s = suite_create("process_fields");
	TCase *t = tcase_create("pure");

	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_stat);
	tcase_add_test(t, test_stat_name);
	tcase_add_loop_test(t, test_stat_broken, 0, sizeof(no_parent) / sizeof(no_parent[0]));
	tcase_add_test(t, test_stat_without);
	tcase_add_test(t, test_own);
	suite_add_tcase(s, t);
	return s;
}
