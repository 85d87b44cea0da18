/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>

#include "sys/core_cookie.h"
#include "unit.h"

START_TEST(test_number)
{
	static const struct {
		uint64_t cookie;
		int number;
	} asked[] = {
		{0, 0},
		{0xfffffffffffffff0, 1},
		{0, 0},
		{7, 2},
		{0xfffffffffffffff0, 1},
		/* the same where only 32 bits of it are looked at */
		{0xfffffff0, 3},
		{7, 2},
		{1, 4},
	};
	uint64_t *known = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		ck_assert_int_eq(core_cookie_number(asked[i].cookie, &known, &n), asked[i].number);
	ck_assert_uint_eq(n, 4);
	free(known);
}
END_TEST

/* Of a machine that has cookies, or has not: both are fine. */
START_TEST(test_give)
{
	int there = core_cookie_check();
	uint64_t before = core_cookie_get(0);

	if (there < 0)
		ck_assert_uint_eq(before, 0);
	/* who asks keeps his own */
	ck_assert_int_eq(core_cookie_give(NULL, 0), there);
	ck_assert_uint_eq(core_cookie_get(0), before);
}
END_TEST

Suite *core_cookie_suite(void)
{
	Suite *s = suite_create("core_cookie");
	TCase *t = tcase_create("core_cookie");

	tcase_add_test(t, test_number);
	tcase_add_test(t, test_give);
	suite_add_tcase(s, t);
	return s;
}
