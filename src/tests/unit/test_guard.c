/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who could have changed an image, by what stat() says. */
#include "config.h"

#include <check.h>

#include "image/guard.h"
#include "image/image_place.h"
#include "unit.h"

static const struct {
	mode_t mode;
	uid_t uid;
	nlink_t links;
	const char *wrong;
} files[] = {
	{S_IFREG | 0600, 0, 1, NULL},
	{S_IFREG | 0644, 0, 1, NULL},
	{S_IFREG | 0600, 0, 2, "has another name somewhere (a hard link)"},
	{S_IFREG | 0600, 1000, 1, "does not belong to root"},
	{S_IFREG | 0620, 0, 1, "is writable by users other than root"},
	{S_IFREG | 0602, 0, 1, "is writable by users other than root"},
	{S_IFREG | 04700, 0, 1, "has a set-id bit"},
	{S_IFREG | 02700, 0, 1, "has a set-id bit"},
	{S_IFLNK | 0777, 0, 1, "is a symbolic link"},
	{S_IFDIR | 0700, 0, 2, "is a directory"},
	{S_IFIFO | 0600, 0, 1, "is a device, a socket or a FIFO"},
	{S_IFCHR | 0600, 0, 1, "is a device, a socket or a FIFO"},
	{S_IFBLK | 0600, 0, 1, "is a device, a socket or a FIFO"},
	{S_IFSOCK | 0600, 0, 1, "is a device, a socket or a FIFO"},
};

START_TEST(file)
{
	const struct stat st = {
		.st_mode = files[_i].mode,
		.st_uid = files[_i].uid,
		.st_nlink = files[_i].links,
	};
	const char *wrong = guard_file_wrong(&st);

	ck_assert_pstr_eq(wrong, files[_i].wrong);
}
END_TEST

#define NOT_ROOTS "does not belong to root"
#define WRITABLE  "is writable by users other than root"

static const struct {
	mode_t mode; /* of the directory */
	uid_t uid;
	gid_t gid;
	uid_t in_it; /* whose what is in it is */
	long owner;  /* the container's root */
	const char *wrong;
} steps[] = {
	{0755, 0, 0, 0, -1, NULL},
	{0700, 0, 0, 1000, -1, NULL},
	/* lxc-create makes its directories so */
	{0770, 0, 0, 0, -1, NULL},
	{0770, 100000, 100000, 0, 100000, NULL},
	{0770, 100000, 100000, 0, 200000, NOT_ROOTS},
	{0770, 100000, 100000, 0, -1, NOT_ROOTS},
	{0777, 100000, 100000, 0, 100000, WRITABLE},
	{0755, 1000, 0, 0, -1, NOT_ROOTS},
	{0775, 0, 1000, 0, -1, WRITABLE},
	{0757, 0, 0, 0, -1, WRITABLE},
	/* /tmp */
	{01777, 0, 0, 0, -1, NULL},
	{01777, 0, 0, 1000, -1, WRITABLE},
	{01775, 0, 1000, 0, -1, NULL},
	{01777, 1000, 0, 0, -1, NOT_ROOTS},
	/* -1 is no user, and root no container's */
	{0755, 4294967295U, 0, 0, -1, NOT_ROOTS},
	{0775, 0, 1000, 0, 0, WRITABLE},
};

START_TEST(way)
{
	const struct stat dir = {
		.st_mode = S_IFDIR | steps[_i].mode,
		.st_uid = steps[_i].uid,
		.st_gid = steps[_i].gid,
	};
	const struct stat st = {.st_mode = S_IFDIR | 0700, .st_uid = steps[_i].in_it};

	ck_assert_pstr_eq(guard_step_wrong(&dir, &st, steps[_i].owner), steps[_i].wrong);
}
END_TEST

static const struct {
	const char *name;
	enum guard_name kind;
} names[] = {
	{"pages-1.img", GUARD_PART},
	{"network", GUARD_PART},
	{"tmpfs-dev-106.tar.gz.img", GUARD_PART},
	{"parent", GUARD_PART},
	{"log", GUARD_PART},
	{"stats", GUARD_PART},
	{"lost+found2", GUARD_IGNORED},
	{"manifest.json", GUARD_BESIDE},
	{"incomplete", GUARD_BESIDE},
	{"replaced", GUARD_BESIDE},
	{"dump.log", GUARD_BESIDE},
	{"restore.log", GUARD_BESIDE},
	{"stats-restore", GUARD_BESIDE},
	{"lost+found", GUARD_IGNORED},
	{".manifest.json.tmp", GUARD_IGNORED},
	{"a b", GUARD_IGNORED},
	{"pages-1.img~", GUARD_IGNORED},
};

START_TEST(name)
{
	ck_assert_int_eq(guard_name(names[_i].name), names[_i].kind);
}
END_TEST

static const struct {
	const char *name;
	bool known, has_place;
} places[] = {
	{"pages-1.img", true, false},
	{"manifest.json", true, false},
	{".manifest.json.tmp", true, false},
	{"network", true, false},
	{"sockets", true, false},
	{"stats-dump", true, false},
	{"dump.log", true, false},
	{"restored", true, false},
	/* somebody else's */
	{".tmp", false, false},
	{".web.tmp", false, false},
	{"vzdump-lxc-101.log", false, false},
	{"vzdump-lxc-101.tar.zst", false, true},
	{"lost+found", false, false},
	/* of a container that is replaced */
	{"web.new", false, false},
	{"..", false, false},
	{"", false, false},
	{"a/b", false, false},
	{"101", false, true},
	{"web", false, true},
	{"new", false, true},
};

START_TEST(place)
{
	ck_assert_int_eq(image_place_is_known(places[_i].name), places[_i].known);
	ck_assert_int_eq(image_place_has_name(places[_i].name), places[_i].has_place);
}
END_TEST

static const struct {
	const char *name;
	bool stray;
} strays[] = {
	{"core", true},
	{"core.1234", true},
	{"notes", true},
	{"pages-1.img.bak", true},
	{"network.orig", true},
	{"img", true},
	/* CRIU or a check reads these where they exist */
	{"tcp-stream-77.img", false},
	{".img", false},
	{"parent", false},
	{"file-times", false},
};

START_TEST(stray)
{
	ck_assert_int_eq(guard_is_stray(strays[_i].name), strays[_i].stray);
}
END_TEST

Suite *guard_suite(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");

	tcase_add_loop_test(t, file, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_loop_test(t, way, 0, sizeof(steps) / sizeof(steps[0]));
	tcase_add_loop_test(t, name, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_loop_test(t, place, 0, sizeof(places) / sizeof(places[0]));
	tcase_add_loop_test(t, stray, 0, sizeof(strays) / sizeof(strays[0]));
	suite_add_tcase(s, t);
	return s;
}
