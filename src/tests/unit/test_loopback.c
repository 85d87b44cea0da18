/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections of which both ends are in one network namespace, as the kernel's tables have them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "inspect/loopback.h"
#include "unit.h"
#include "util/mem.h"

#define HEAD	    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
#define REST	    " 00000000:00000000 00:00000000 00000000     0        0 1234 1\n"
#define ESTABLISHED " 01"
#define TIME_WAIT   " 06"
#define LISTEN	    " 0A"

#define THERE "   1: 0100007F:1F90 0100007F:C001"
#define BACK  "   2: 0100007F:C001 0100007F:1F90"
#define OTHER "   3: 0100007F:C002 0100007F:1F90"
#define SELF  "   4: 0100007F:C001 0100007F:C001"
/* the way back of the one with the number 7 */
#define LAST   "   0: 00000007:C001 0100007F:1F90"
#define THERE6 "   1: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:C001"
#define BACK6  "   2: 00000000000000000000000001000000:C001 00000000000000000000000001000000:1F90"
#define MAPPED_BACK                                                                                \
	"   2: 0000000000000000FFFF00000100007F:C001 0000000000000000FFFF00000100007F:1F90"

static const struct {
	const char *tcp, *tcp6;
	bool both;
} tables[] = {
	{NULL, NULL, false},
	{"", HEAD, false},
	{HEAD THERE ESTABLISHED REST, HEAD, false},
	{HEAD THERE ESTABLISHED REST OTHER ESTABLISHED REST, NULL, false},
	{HEAD THERE ESTABLISHED REST OTHER ESTABLISHED REST BACK ESTABLISHED REST, NULL, true},
	{HEAD THERE ESTABLISHED REST BACK TIME_WAIT REST, NULL, false},
	{HEAD THERE LISTEN REST BACK ESTABLISHED REST, NULL, false},
	{HEAD SELF ESTABLISHED REST, NULL, true},
	{NULL, HEAD THERE6 ESTABLISHED REST BACK6 ESTABLISHED REST, true},
	{HEAD THERE ESTABLISHED REST, HEAD MAPPED_BACK ESTABLISHED REST, true},
	{HEAD THERE ESTABLISHED REST, HEAD BACK6 ESTABLISHED REST, false},
	{HEAD THERE, BACK, false},
};

START_TEST(test_both_ends)
{
	ck_assert_int_eq(loopback_in(tables[_i].tcp, tables[_i].tcp6), tables[_i].both);
}
END_TEST

/* More than can be compared with each other, and the last two belong together. */
START_TEST(test_many)
{
	const size_t n = 50000, line = 128;
	char *text = malloc(n * line);
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, line,
					"%zu: 0100007F:1F90 %08zX:C001" ESTABLISHED REST, i, i);
	ck_assert(!loopback_in(text, NULL));
	len += (size_t)snprintf(text + len, line, "%s", LAST ESTABLISHED REST);
	ck_assert(len < n * line);
	ck_assert(loopback_in(text, NULL));
	free(text);
}
END_TEST

Suite *loopback_suite(void)
{
	Suite *s = suite_create("loopback");
	TCase *t = tcase_create("loopback");

	tcase_add_loop_test(t, test_both_ends, 0, sizeof(tables) / sizeof(tables[0]));
	tcase_add_test(t, test_many);
	suite_add_tcase(s, t);
	return s;
}
