/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "carry/pressure.h"
#include "unit.h"

static const struct {
	const char *text, *trigger; /* NULL: it is none */
} triggers[] = {
	{"some 200000 2000000", "some 200000 2000000"},
	{"full 1 500000", "full 1 500000"},
	{"some 10000000 10000000\n", "some 10000000 10000000"},
	{"some 0200000 2000000", "some 200000 2000000"},
	{"", NULL},
	{"-900", NULL},
	{"1", NULL},
	{"some", NULL},
	{"some 200000", NULL},
	{"some 200000 ", NULL},
	{" some 200000 2000000", NULL},
	{"some  200000 2000000", NULL},
	{"some 200000 2000000 ", NULL},
	{"some 200000 2000000\n\n", NULL},
	{"some 200000 2000000\nfull 1 500000", NULL},
	{"none 200000 2000000", NULL},
	{"some 0 2000000", NULL},
	{"some -1 2000000", NULL},
	{"some 2000001 2000000", NULL},
	{"some 200000 499999", NULL},
	{"some 200000 10000001", NULL},
	{"some 4294967297 2000000", NULL},
	{"some 0x1 2000000", NULL},
};

START_TEST(only_triggers_are_taken)
{
	char found[PRESSURE_TRIGGER_MAX] = "";
	const char *text = triggers[_i].text;
	bool taken = pressure_trigger_parse(text, strlen(text), found);

	ck_assert_int_eq(taken, triggers[_i].trigger != NULL);
	if (taken)
		ck_assert_str_eq(found, triggers[_i].trigger);
}
END_TEST

START_TEST(systemd_ends_it_with_a_byte)
{
	char found[PRESSURE_TRIGGER_MAX];

	ck_assert(pressure_trigger_parse("some 200000 2000000", 20, found));
	ck_assert(!pressure_trigger_parse("some 200000 2000000\0", 21, found));
}
END_TEST

#define WATCH "MEMORY_PRESSURE_WATCH=/a/memory.pressure\0"
#define USUAL "some 200000 2000000"

static const struct {
	const char *text;
	size_t len;
	const char *trigger;
} environments[] = {
#define ENVIRONMENT(text) text, sizeof(text) - 1
	{ENVIRONMENT(""), USUAL},
	{ENVIRONMENT("PATH=/bin\0"), USUAL},
	{ENVIRONMENT(WATCH), USUAL},
	{ENVIRONMENT(WATCH "MEMORY_PRESSURE_WRITE=c29tZSAxNTAwMDAgMTAwMDAwMAA=\0"),
	 "some 150000 1000000"},
	{ENVIRONMENT("MEMORY_PRESSURE_WRITE=c29tZSAxNTAwMDAgMTAwMDAwMAA=\0"), USUAL},
	{ENVIRONMENT("MEMORY_PRESSURE_WATCH=/b\0"
		     "MEMORY_PRESSURE_WRITE=c29tZSAxNTAwMDAgMTAwMDAwMAA=\0"),
	 USUAL},
	/* -900 */
	{ENVIRONMENT(WATCH "MEMORY_PRESSURE_WRITE=LTkwMA==\0"), USUAL},
	{ENVIRONMENT(WATCH "MEMORY_PRESSURE_WRITE=?\0"), USUAL},
	{ENVIRONMENT(WATCH "MEMORY_PRESSURE_WRITE="), USUAL},
};

START_TEST(environment_is_followed)
{
	char found[PRESSURE_TRIGGER_MAX];

	pressure_trigger_of(environments[_i].text, environments[_i].len, "/a/memory.pressure",
			    found);
	ck_assert_str_eq(found, environments[_i].trigger);
}
END_TEST

static const char mounts[] = "36 35 0:52 / /proc rw - proc proc rw\n"
			     "37 36 0:53 / /mnt\\040-\\040cgroup2 rw shared:1 - fuse.x cgroup2 rw\n"
			     "38 36 0:54 / /sys/fs/cgroup rw,nosuid - cgroup2 none rw\n"
			     "rubbish\n"
			     "39 36 0:55 / /t rw - cgroup rw";

START_TEST(mounts_are_known_by_their_devices)
{
	ck_assert(mountinfo_has(mounts, "proc", makedev(0, 52)));
	ck_assert(mountinfo_has(mounts, "cgroup2", makedev(0, 54)));
	ck_assert(!mountinfo_has(mounts, "cgroup2", makedev(0, 53)));
	ck_assert(!mountinfo_has(mounts, "cgroup2", makedev(0, 55)));
	ck_assert(!mountinfo_has(mounts, "proc", makedev(0, 54)));
	ck_assert(!mountinfo_has("", "proc", 0));
}
END_TEST

Suite *pressure_suite(void)
{
	Suite *s = suite_create("pressure");
	TCase *t = tcase_create("pressure");

	tcase_add_loop_test(t, only_triggers_are_taken, 0, sizeof(triggers) / sizeof(triggers[0]));
	tcase_add_test(t, systemd_ends_it_with_a_byte);
	tcase_add_loop_test(t, environment_is_followed, 0,
			    sizeof(environments) / sizeof(environments[0]));
	tcase_add_test(t, mounts_are_known_by_their_devices);
	suite_add_tcase(s, t);
	return s;
}
