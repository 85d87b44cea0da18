/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "criu/image_kinds.h"
#include "unit.h"

#define MAGIC "\x19\x43\x56\x54\x38\x31\x30\x56"
/* type and number, and a timer's or a regular file's rest */
#define TIMER	      "\x08\x00\x00\x00\x08\x11\x10\x05\x62\x02\x08\x05"
#define FILE_OF(path) "\x17\x00\x00\x00\x08\x01\x10\x06\x1a\x11\x32\x0f" path

static const struct {
	const char *text;
	size_t len;
	bool timers, pressure;
} images[] = {
	{MAGIC, 8, false, false},
	{MAGIC TIMER, 20, true, false},
	{MAGIC FILE_OF("/memory.pressur") TIMER, 8 + 27 + 12, true, false},
	{MAGIC FILE_OF("/a.pressure/the"), 8 + 27, false, true},
	/* cut off, of another kind, nothing */
	{MAGIC TIMER, 19, true, true},
	{"\x19\x43\x56\x54\x38\x31\x30\x57", 8, true, true},
	{"", 0, true, true},
};

START_TEST(test_kinds)
{
	struct criu_kinds k = criu_kinds_in(images[_i].text, images[_i].len);

	ck_assert_int_eq(k.timers, images[_i].timers);
	ck_assert_int_eq(k.pressure, images[_i].pressure);
}
END_TEST

Suite *criu_image_kinds_suite(void)
{
	Suite *s = suite_create("criu_image_kinds");
	TCase *t = tcase_create("kinds");

	tcase_add_loop_test(t, test_kinds, 0, sizeof(images) / sizeof(images[0]));
	suite_add_tcase(s, t);
	return s;
}
