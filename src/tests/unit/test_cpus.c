/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/cpus.h"
#include "util/mem.h"

static const char *const lists[] = {"", "0", "0-1", "1,3", "0-2,5,1000-1023", "1023"};

START_TEST(list_comes_back)
{
	_cleanup_free_ char *with_newline = xasprintf("%s\n", lists[_i]);
	_cleanup_free_ char *back = NULL;
	cpu_set_t set;

	ck_assert(cpus_parse(lists[_i], &set));
	back = cpus_format(&set);
	ck_assert_str_eq(lists[_i], back);
	ck_assert(cpus_parse(with_newline, &set));
}
END_TEST

START_TEST(list_means_its_cpus)
{
	cpu_set_t set;

	ck_assert(cpus_parse("0-2,5", &set));
	ck_assert_int_eq(CPU_COUNT(&set), 4);
	for (size_t cpu = 0; cpu < 7; cpu++)
		ck_assert_int_eq(CPU_ISSET(cpu, &set) != 0, cpu <= 2 || cpu == 5);
}
END_TEST

static const char *const rubbish[] = {"a",
				      "0-",
				      "-1",
				      "1-0",
				      "1,",
				      "1,\n",
				      "1024",
				      "0-1024",
				      "0 1",
				      "0x1",
				      "99999999999999999999",
				      ",1"};

START_TEST(rubbish_is_refused)
{
	cpu_set_t set;

	ck_assert_msg(!cpus_parse(rubbish[_i], &set), "%s", rubbish[_i]);
}
END_TEST

Suite *cpus_suite(void)
{
	Suite *s = suite_create("cpus");
	TCase *t = tcase_create("lists");

	tcase_add_loop_test(t, list_comes_back, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(t, list_means_its_cpus);
	tcase_add_loop_test(t, rubbish_is_refused, 0, sizeof(rubbish) / sizeof(rubbish[0]));
	suite_add_tcase(s, t);
	return s;
}
