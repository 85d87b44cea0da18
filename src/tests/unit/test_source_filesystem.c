/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "carry/source_filesystem.h"
#include "sys/mountinfo.h"
#include "unit.h"

#define MOUNT(number, device, r, p, t, s)                                                          \
	{.id = (number),                                                                           \
	 .dev = (device),                                                                          \
	 .root = TEXT(r),                                                                          \
	 .point = TEXT(p),                                                                         \
	 .type = TEXT(t),                                                                          \
	 .source = TEXT(s)}
#define TEXT(s) ((char *)(uintptr_t)(s))

START_TEST(test_line)
{
	static const struct {
		const char *line;
		struct mountinfo wanted;
	} lines[] = {
		{"36 35 8:3 /a /srv rw shared:1 master:2 - ext4 /dev/sda3 rw\n",
		 MOUNT(36, 0x803, "/a", "/srv", "ext4", "/dev/sda3")},
		{"36 35 8:3 / / rw - ext4 /dev/sda3 rw",
		 MOUNT(36, 0x803, "/", "/", "ext4", "/dev/sda3")},
		{"7 1 0:5 / /a\\040b\\134c\\0400 rw - nfs4 h:/x\\011y rw",
		 MOUNT(7, 5, "/", "/a b\\c 0", "nfs4", "h:/x\ty")},
		{"7 1 0:5 / /a\\04 rw - x y rw", MOUNT(7, 5, "/", "/a\\04", "x", "y")},
		{"7 1 0:5 / /a\\777 rw - x y rw", MOUNT(7, 5, "/", "/a\\777", "x", "y")},
		/* of one with an empty name */
		{"7 1 0:5 / /a rw - tmpfs  rw", MOUNT(7, 5, "/", "/a", "tmpfs", "")},
	};
	static const char *const none[] = {
		"",
		"\n",
		"36",
		"36 35 8:3 / /",
		"36 35 8:3 / / rw shared:1\n36 35 8:3 / / rw - ext4 x rw",
		"36 35 8:3 / / rw - ext4",
		"36 35 8 / / rw - ext4 x rw",
		"36 35 8:x / / rw - ext4 x rw",
		"x 35 8:3 / / rw - ext4 x rw",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct mountinfo *w = &lines[i].wanted;
		_cleanup_mountinfo_ struct mountinfo m = {0};

		ck_assert(mountinfo_parse(lines[i].line, &m));
		ck_assert_uint_eq(m.id, w->id);
		ck_assert_uint_eq(m.dev, w->dev);
		ck_assert_str_eq(m.root, w->root);
		ck_assert_str_eq(m.point, w->point);
		ck_assert_str_eq(m.type, w->type);
		ck_assert_str_eq(m.source, w->source);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct mountinfo m;

		ck_assert(!mountinfo_parse(none[i], &m));
	}
	ck_assert_str_eq(mountinfo_next("a\nb\n"), "b\n");
	ck_assert_ptr_null(mountinfo_next("b\n"));
	ck_assert_ptr_null(mountinfo_next(""));
}
END_TEST

START_TEST(test_compare)
{
	static const struct {
		struct source_filesystem then, now;
		enum source_change wanted;
	} cases[] = {
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 5},
		 {TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 5},
		 SOURCE_SAME},
		/* another directory in the same, as a copy that took its place */
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 5},
		 {TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 6},
		 SOURCE_SAME},
		/* one that cannot be told from others */
		{{TEXT("/srv"), TEXT("tmpfs"), NULL, 5},
		 {TEXT("/srv"), TEXT("tmpfs"), NULL, 6},
		 SOURCE_SAME},
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 5},
		 {TEXT("/srv"), TEXT("ext4"), NULL, 5},
		 SOURCE_SAME},
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 5},
		 {TEXT("/srv"), TEXT("ext4"), TEXT("uuid:2"), 5},
		 SOURCE_ANOTHER},
		{{TEXT("/srv"), TEXT("ext4"), NULL, 5},
		 {TEXT("/srv"), TEXT("xfs"), NULL, 5},
		 SOURCE_ANOTHER},
		/* not mounted: the disk, a share on a share, a subvolume, a bind */
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 2},
		 {TEXT("/"), TEXT("ext4"), TEXT("uuid:2"), 300},
		 SOURCE_MISSING},
		{{TEXT("/srv/a"), TEXT("ext4"), TEXT("uuid:1"), 2},
		 {TEXT("/srv"), TEXT("ext4"), TEXT("uuid:2"), 2},
		 SOURCE_MISSING},
		{{TEXT("/srv/a"), TEXT("nfs4"), NULL, 2},
		 {TEXT("/srv"), TEXT("nfs4"), NULL, 3},
		 SOURCE_MISSING},
		{{TEXT("/srv"), TEXT("btrfs"), TEXT("uuid:1"), 256},
		 {TEXT("/"), TEXT("btrfs"), TEXT("uuid:1"), 300},
		 SOURCE_MISSING},
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 70},
		 {TEXT("/"), TEXT("ext4"), TEXT("uuid:1"), 80},
		 SOURCE_MISSING},
		/* the same directory by another mount */
		{{TEXT("/srv"), TEXT("ext4"), TEXT("uuid:1"), 70},
		 {TEXT("/"), TEXT("ext4"), TEXT("uuid:1"), 70},
		 SOURCE_SAME},
		{{TEXT("/"), TEXT("ext4"), NULL, 70},
		 {TEXT("/srv"), TEXT("ext4"), NULL, 70},
		 SOURCE_SAME},
		/* something was mounted since */
		{{TEXT("/"), TEXT("ext4"), TEXT("uuid:1"), 70},
		 {TEXT("/srv"), TEXT("ext4"), TEXT("uuid:2"), 2},
		 SOURCE_ANOTHER},
		/* no folder of each other, though their names begin alike */
		{{TEXT("/srv/ab"), TEXT("ext4"), TEXT("uuid:1"), 70},
		 {TEXT("/srv/a"), TEXT("ext4"), TEXT("uuid:2"), 2},
		 SOURCE_ANOTHER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(source_filesystem_compare(&cases[i].then, &cases[i].now) ==
				      cases[i].wanted,
			      "%zu", i);
}
END_TEST

START_TEST(test_here)
{
	_cleanup_host_mounts_ struct host_mounts mounts = {0};
	struct source_filesystem f = {0};

	ck_assert_int_eq(source_filesystem_read(&mounts, "/proc/self/status", &f), -ELOOP);
	ck_assert_int_eq(source_filesystem_read(&mounts, "/nowhere", &f), -ENOENT);
	ck_assert_int_eq(source_filesystem_read(&mounts, "/proc/sys", &f), 0);
	ck_assert_str_eq(f.type, "proc");
	ck_assert(filesystem_is_kernels(f.type));
	ck_assert_pstr_eq(f.identity, NULL);
	ck_assert_uint_ne(f.inode, 0);
	source_filesystem_clear(&f);
	ck_assert(!filesystem_is_kernels("ext4"));
}
END_TEST

Suite *source_filesystem_suite(void)
{
	Suite *s = suite_create("source_filesystem");
	TCase *t = tcase_create("source_filesystem");

	tcase_add_test(t, test_line);
	tcase_add_test(t, test_compare);
	tcase_add_test(t, test_here);
	suite_add_tcase(s, t);
	return s;
}
