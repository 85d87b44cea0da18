/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Slave mounts that CRIU cannot restore: how the image lists them, and which they are. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "carry/slave_mounts.h"
#include "sys/mountinfo.h"
#include "unit.h"
#include "util/mem.h"

static char *path(const char *text)
{
	return (char *)(uintptr_t)text;
}

START_TEST(test_round_trip)
{
	struct slave_mount v[] = {
		{{17, path("/run/systemd/incoming")}, {1, path("/run")}},
		{{2147483647, path("/a b\\c\nd\te\xff")}, {18, path("/")}},
	};
	const struct propagation p = {v, 2};
	_cleanup_free_ char *text = propagation_format(&p), *again = NULL;
	_cleanup_propagation_ struct propagation back = {0};

	ck_assert_str_eq(text, "17 /run/systemd/incoming 1 /run\n"
			       "2147483647 /a\\040b\\134c\\012d\\011e\xff 18 /\n");
	ck_assert(propagation_parse(text, &back));
	ck_assert_uint_eq(back.n, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(back.v[i].slave.pid, v[i].slave.pid);
		ck_assert_str_eq(back.v[i].slave.target, v[i].slave.target);
		ck_assert_int_eq(back.v[i].master.pid, v[i].master.pid);
		ck_assert_str_eq(back.v[i].master.target, v[i].master.target);
	}
	again = propagation_format(&back);
	ck_assert_str_eq(again, text);
}
END_TEST

static const char *const broken[] = {
	"x",
	"\n",
	"1 /a 1 /b",
	"1 /a 1\n",
	"1 /a\n",
	"1 a 1 /b\n",
	"1 /a 1 b\n",
	"0 /a 1 /b\n",
	"-1 /a 1 /b\n",
	"+1 /a 1 /b\n",
	" 1 /a 1 /b\n",
	"2147483648 /a 1 /b\n",
	"99999999999999999999 /a 1 /b\n",
	"1  /a 1 /b\n",
	"1 /a 1 /b c\n",
	"1 /a 1 /b\n\n",
};

START_TEST(test_broken)
{
	struct propagation p = {0};

	ck_assert(!propagation_parse(broken[_i], &p));
	ck_assert_uint_eq(p.n, 0);
}
END_TEST

START_TEST(test_scattered)
{
	static const struct sharer together[] = {{.root = "/a/b"},
						 {.root = "/a"},
						 {.root = "/a/c/d"}},
				   apart[] = {{.root = "/a"}, {.root = "/ab"}},
				   all[] = {{.root = "/x"}, {.root = "/"}};

	ck_assert(!propagation_is_scattered(together, 3));
	ck_assert(!propagation_is_scattered(together, 1));
	ck_assert(!propagation_is_scattered(all, 2));
	ck_assert(propagation_is_scattered(apart, 2));
}
END_TEST

static const struct sharer *master(const struct sharer *from, size_t n, const struct sharer *m)
{
	_cleanup_masters_ struct masters all = {0};

	propagation_masters(from, n, &all);
	return propagation_master(&all, m);
}

/* The container's init comes first. */
START_TEST(test_master)
{
	static const struct sharer from[] = {{.root = "/a", .order = 9},
					     {.root = "/", .order = 7},
					     {.root = "/a/b", .order = 3},
					     {.root = "/a/b", .order = 4}},
				   ab = {.root = "/a/b"}, ac = {.root = "/a/c"}, x = {.root = "/x"},
				   whole = {.root = "/"}, beside = {.root = "/ab"};

	ck_assert_ptr_eq(master(from, 4, &ab), &from[2]);
	ck_assert_ptr_eq(master(from, 4, &ac), &from[1]);
	ck_assert_ptr_eq(master(from, 4, &whole), &from[1]);
	ck_assert_ptr_eq(master(from, 1, &ac), &from[0]);
	ck_assert_ptr_null(master(from, 1, &x));
	ck_assert_ptr_null(master(from, 1, &whole));
	ck_assert_ptr_null(master(from, 1, &beside));
	ck_assert_ptr_null(master(from, 0, &ab));
}
END_TEST

START_TEST(test_mountinfo)
{
	_cleanup_mountinfo_ struct mountinfo m = {0}, private = {0};

	ck_assert(mountinfo_parse("36 35 0:5 /a /b ro,nosuid shared:7 master:8 x - tmpfs none rw\n",
				  &m));
	ck_assert_str_eq(m.options, "ro,nosuid");
	ck_assert_uint_eq(m.shared, 7);
	ck_assert_uint_eq(m.master, 8);
	ck_assert(mountinfo_parse("36 35 0:5 /a /b rw - tmpfs shared:7 rw master:8\n", &private));
	ck_assert_uint_eq(private.shared, 0);
	ck_assert_uint_eq(private.master, 0);
}
END_TEST

#define N(a) (int)(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *root, *point, *file, *wanted;
} paths[] = {
	{"/", "/run", "/a/b", "/run/a/b"},
	{"/a", "/run", "/a/b", "/run/b"},
	{"/a/b", "/run/socket", "/a/b", "/run/socket"},
	{"/", "/", "/a", "/a"},
	{"/srv/root", "/", "/srv/root/a", "/a"},
	{"/a", "/run", "/ab", NULL},
	{"/a/b", "/run", "/a", NULL},
};

START_TEST(test_path_by_mount)
{
	char *path = path_by_mount(paths[_i].root, paths[_i].point, paths[_i].file);

	if (paths[_i].wanted)
		ck_assert_str_eq(path, paths[_i].wanted);
	else
		ck_assert_ptr_null(path);
	free(path);
}
END_TEST

Suite *slave_mounts_suite(void)
{
	Suite *s = suite_create("slave_mounts");
	TCase *t = tcase_create("slave_mounts");

	tcase_add_test(t, test_round_trip);
	tcase_add_loop_test(t, test_broken, 0, N(broken));
	tcase_add_test(t, test_scattered);
	tcase_add_test(t, test_master);
	tcase_add_test(t, test_mountinfo);
	tcase_add_loop_test(t, test_path_by_mount, 0, sizeof(paths) / sizeof(paths[0]));
	suite_add_tcase(s, t);
	return s;
}
