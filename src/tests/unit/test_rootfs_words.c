/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a configuration names a rootfs that LXC mounts, and who counts its snapshots. */
#include "config.h"

#include <string.h>
#include <sys/mount.h>

#include "restorer/snapshots.h"
#include "storage/rootfs_words.h"
#include "unit.h"

static const struct {
	const char *path, *lower, *upper, *work;
	const char *dirs[4]; /* none: it is refused */
} overlays[] = {
	{"overlay:/a:/b", "/a", "/b", "/work", {"/a", "/b"}},
	{"overlayfs:/a:/b", "/a", "/b", "/work", {"/a", "/b"}},
	{"/l/a:/l/b:/u p/delta",
	 "/l/a:/l/b",
	 "/u p/delta",
	 "/u p/work",
	 {"/l/a", "/l/b", "/u p/delta"}},
	{"/a\\:b:/c\\,d:e", "/a\\:b", "/c\\,d:e", "/work", {"/a:b", "/c,d:e"}},
	{"/a\\\\:/b", "/a\\\\", "/b", "/work", {"/a\\", "/b"}},
	/* LXC knows of no backslash: the upper one begins there all the same */
	{"/a\\:/b", "/a\\", "/b", "/work", {"/a\\", "/b"}},
	{"/a::/data:/b", "/a::/data", "/b", "/work", {"/a", "/data", "/b"}},
	{"/a:/b/", "/a", "/b/", "/b/work", {"/a", "/b/"}},
	{"overlay:/a", NULL, NULL, NULL, {NULL}},
	{"/a:b:/c", NULL, NULL, NULL, {NULL}},
	{"overlay:a:/c", NULL, NULL, NULL, {NULL}},
	{"overlay::/c", NULL, NULL, NULL, {NULL}},
	{"", NULL, NULL, NULL, {NULL}},
	{":/", NULL, NULL, NULL, {NULL}},
	{"overlay:", NULL, NULL, NULL, {NULL}},
};

START_TEST(test_overlays)
{
	_cleanup_layers_ struct overlay_layers l = {0};
	bool is_one = overlay_layers_parse(overlays[_i].path, &l);
	size_t n = 0;

	for (; n < 4 && overlays[_i].dirs[n]; n++)
		if (is_one && n < l.dirs.n)
			ck_assert_str_eq(l.dirs.v[n], overlays[_i].dirs[n]);
	ck_assert_int_eq(is_one, n > 0);
	ck_assert_uint_eq(l.dirs.n, n);
	if (is_one) {
		_cleanup_free_ char *work = overlay_work(l.upper);

		ck_assert_str_eq(l.lower, overlays[_i].lower);
		ck_assert_str_eq(l.upper, overlays[_i].upper);
		ck_assert_str_eq(work, overlays[_i].work);
	}
}
END_TEST

/* What is escaped is one layer, and the same name again. */
START_TEST(test_escape)
{
	static const char name[] = "/a:b,c\\d e";
	_cleanup_free_ char *escaped = overlay_escape(name);
	_cleanup_free_ char *path = xasprintf("overlay:%s:/upper", escaped);
	_cleanup_layers_ struct overlay_layers l = {0};

	ck_assert_str_eq(escaped, "/a\\:b\\,c\\\\d e");
	ck_assert(overlay_layers_parse(path, &l));
	ck_assert_uint_eq(l.dirs.n, 2);
	ck_assert_str_eq(l.dirs.v[0], name);
}
END_TEST

static const struct {
	const char *options;
	unsigned long flags;
	const char *data;
} options[] = {
	{NULL, 0, NULL},
	{"", 0, NULL},
	{"ro", MS_RDONLY, NULL},
	{"ro,rw", 0, NULL},
	{"noatime,index=on,nodev,xino=off", MS_NOATIME | MS_NODEV, "index=on,xino=off"},
	{"idmap=container,discard", 0, "discard"},
	{",,ro,,", MS_RDONLY, NULL},
	{"roo,errors=remount-ro", 0, "roo,errors=remount-ro"},
};

START_TEST(test_options)
{
	_cleanup_free_ char *data = NULL;
	unsigned long flags;

	rootfs_options_parse(options[_i].options, &flags, &data);
	ck_assert_uint_eq(flags, options[_i].flags);
	if (options[_i].data)
		ck_assert_str_eq(data, options[_i].data);
	else
		ck_assert_ptr_null(data);
}
END_TEST

static const struct {
	const char *text, *rest;
} snapshots[] = {
	{"/var/lib/lxc\nc2\n", ""},
	{"/var/lib/lxc\nc2\n/var/lib/lxc\nc3\n", "/var/lib/lxc\nc3\n"},
	{"/var/lib/lxc\nc3\n/var/lib/lxc\nc2\n", "/var/lib/lxc\nc3\n"},
	{"/srv/var/lib/lxc\nc2\n", "/srv/var/lib/lxc\nc2\n"},
	{"/var/lib/lxc\nc22\n", "/var/lib/lxc\nc22\n"},
	{"3\n", "2\n"},
	{"1\n", ""},
	{"0", ""},
	{"", ""},
};

START_TEST(test_snapshots)
{
	_cleanup_free_ char *rest = snapshots_without(snapshots[_i].text, "/var/lib/lxc", "c2");

	ck_assert_str_eq(rest, snapshots[_i].rest);
}
END_TEST

Suite *rootfs_words_suite(void)
{
	Suite *s = suite_create("rootfs_words");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_overlays, 0, sizeof(overlays) / sizeof(overlays[0]));
	tcase_add_test(t, test_escape);
	tcase_add_loop_test(t, test_options, 0, sizeof(options) / sizeof(options[0]));
	tcase_add_loop_test(t, test_snapshots, 0, sizeof(snapshots) / sizeof(snapshots[0]));
	suite_add_tcase(s, t);
	return s;
}
