/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "criu/image_hugepages.h"
#include "unit.h"

/* As CRIU 4.2 writes it: areas of 8 KiB at 4096, with their offset, number and flags. */
#define AREA(offset, number, flags)                                                                \
	"\x72\x10\x08\x80\x20\x10\x80\x60\x18" offset "\x20" number "\x30" flags
#define PRIVATE "\xa2\x80\x90\xa0\x05" /* MAP_PRIVATE, MAP_ANONYMOUS, huge pages of 2 MiB */
#define SHARED	"\xa1\x80\x90\xa0\x05"

static const char mm[] = "\x19\x43\x56\x54\x20\x28\x49\x57"
			 "\x48\x00\x00\x00" AREA("\x00", "\x00", PRIVATE) /* one alone */
	AREA("\x00", "\x07", SHARED)					  /* a part of 7 ... */
	AREA("\x01", "\x07", SHARED)					  /* ... and more of it */
	AREA("\x00", "\x00", "\xa2\x80\x80\x80\x00");			  /* of usual pages */

START_TEST(test_areas)
{
	struct huge_areas areas = {0};

	criu_hugepages_add(&areas, mm, sizeof(mm) - 1);
	ck_assert_uint_eq(areas.n, 2);
	ck_assert_uint_eq(areas.v[0].shift, 21);
	ck_assert_uint_eq(areas.v[0].shared, 0);
	ck_assert_uint_eq(areas.v[0].size, 8192);
	ck_assert_uint_eq(areas.v[1].shared, 8);
	ck_assert_uint_eq(areas.v[1].size, 8193);
	/* another process: its private one is another, the shared one is the same */
	criu_hugepages_add(&areas, mm, sizeof(mm) - 1);
	ck_assert_uint_eq(areas.n, 3);
	free(areas.v);
}
END_TEST

START_TEST(test_cut_off)
{
	for (size_t len = 0; len < sizeof(mm) - 1; len++) {
		struct huge_areas areas = {0};
		char *copy = malloc(len + 1);

		memcpy(copy, mm, len);
		criu_hugepages_add(&areas, copy, len);
		ck_assert_uint_eq(areas.n, 0);
		free(copy);
	}
}
END_TEST

Suite *criu_image_hugepages_suite(void)
{
	Suite *s = suite_create("criu_image_hugepages");
	TCase *t = tcase_create("criu_hugepages");

	tcase_add_test(t, test_areas);
	tcase_add_test(t, test_cut_off);
	suite_add_tcase(s, t);
	return s;
}
