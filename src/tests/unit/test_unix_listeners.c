/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "carry/unix_listeners.h"
#include "unit.h"
#include "util/mem.h"

START_TEST(test_round_trip)
{
	static const char text[] = "17 5 33 6 18\n"
				   "18 0 0 0 17\n"
				   "2147483647 3 4294967294 4294967294 0\n";
	_cleanup_listeners_ struct listeners l = {0};
	_cleanup_free_ char *again = NULL;

	ck_assert_int_eq(listeners_parse(text, strlen(text), &l), 0);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_int_eq(l.v[0].by, 18);
	again = listeners_format(&l);
	ck_assert_str_eq(again, text);
}
END_TEST

static const char *const broken[] = {
	"17 5 33 6 18",
	"\n",
	"17 5 33 6\n",
	"0 5 33 6 18\n",
	"17 -1 33 6 18\n",
	"17 5 4294967295 6 18\n",
	"17 5 -1 6 18\n",
	"2147483648 5 0 0 0\n",
	"017 5 33 6 18\n",
	" 17 5 33 6 18\n",
	"17 5 33 6 18 \n",
	"17 5 33 6 18 1\n",
	"17  5 33 6 18\n",
	"17 5 33 6 +18\n",
	"17 5 33 6 99999999999999999999\n",
	"17 5 33 6 18\n\n",
};

START_TEST(test_broken)
{
	struct listeners l = {0};

	ck_assert_int_lt(listeners_parse(broken[_i], strlen(broken[_i]), &l), 0);
	ck_assert_ptr_null(l.v);
}
END_TEST

START_TEST(test_zero_byte)
{
	struct listeners l = {0};

	ck_assert_int_lt(listeners_parse("17 5 33 6 18\n\0", 14, &l), 0);
	ck_assert_ptr_null(l.v);
}
END_TEST

START_TEST(test_ids)
{
	char u[] = "u", g[] = "g";
	struct idmap maps[] = {{u, 0, 100000, 1000}, {u, 1000, 5, 1}, {g, 0, 200000, 10}};
	struct container_facts none = {0}, mapped = {.idmaps = maps, .n_idmaps = 3};

	ck_assert_uint_eq(id_inside(&none, 'u', 33), 33);
	ck_assert_uint_eq(id_outside(&none, 'g', 33), 33);
	ck_assert_uint_eq(id_inside(&mapped, 'u', 100033), 33);
	ck_assert_uint_eq(id_inside(&mapped, 'u', 5), 1000);
	ck_assert_uint_eq(id_outside(&mapped, 'u', 1000), 5);
	ck_assert_uint_eq(id_outside(&mapped, 'g', 9), 200009);
	ck_assert_uint_eq(id_outside(&mapped, 'g', 10), (unsigned int)-1);
	ck_assert_uint_eq(id_inside(&mapped, 'u', 0), (unsigned int)-1);
	ck_assert_uint_eq(id_inside(&mapped, 'u', 101000), (unsigned int)-1);
}
END_TEST

Suite *unix_listeners_suite(void)
{
	Suite *suite = suite_create("unix_listeners");
	TCase *tests = tcase_create("listeners");

	tcase_add_test(tests, test_round_trip);
	tcase_add_loop_test(tests, test_broken, 0, (int)(sizeof(broken) / sizeof(broken[0])));
	tcase_add_test(tests, test_zero_byte);
	tcase_add_test(tests, test_ids);
	suite_add_tcase(suite, tests);
	return suite;
}
