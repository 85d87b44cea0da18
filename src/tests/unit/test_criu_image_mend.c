/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "criu/image_mend.h"
#include "criu/image_names.h"
#include "criu/image_watches.h"
#include "criu/null_files.h"
#include "criu/null_pipes.h"
#include "unit.h"

/* magic; {length; file: type, id, regular {id, flags, pos}}: 470 with O_PATH, 471 with it and more,
 */
/* 472 without, and 473, which is another kind of file with such a number in it */
#define FILES                                                                                      \
	"\x19\x43\x56\x54\x38\x31\x30\x56"                                                         \
	"\x11\0\0\0\x08\x01\x10\xd6\x03\x1a\x0a\x08\xd6\x03\x10\x80\x80\x80\x01\x18\0"             \
	"\x11\0\0\0\x08\x01\x10\xd7\x03\x1a\x0a\x08\xd7\x03\x10\x80\x80\x84\x01\x18\0"             \
	"\x0f\0\0\0\x08\x01\x10\xd8\x03\x1a\x08\x08\xd8\x03\x10\x80\x80\x04\x18\0"                 \
	"\x11\0\0\0\x08\x02\x10\xd9\x03\x22\x0a\x08\xd9\x03\x10\x80\x80\x80\x01\x18\0"
#define FILES_SIZE   (sizeof(FILES) - 1)
#define FIRST_FLAGS  (8 + 4 + 5 + 2 + 4)
#define SECOND_FLAGS (FIRST_FLAGS + 21)

/* magic; length; two numbers, the program, and something behind it */
static const char mm[] = "\x19\x43\x56\x54\x20\x28\x49\x57"
			 "\x09\0\0\0\x08\x01\x58\x07\x60\xd6\x03\x68\x05";

START_TEST(test_program)
{
	ck_assert_uint_eq(criu_image_program(mm, sizeof(mm) - 1), 470);
	/* another image, and whatever is cut off */
	ck_assert_uint_eq(criu_image_program(FILES, FILES_SIZE), 0);
	for (size_t len = 0; len < sizeof(mm) - 1; len++)
		ck_assert_uint_eq(criu_image_program(mm, len), 0);
}
END_TEST

/* magic; length; {thread info}, {task {2 limits {{cur, max}, {cur, max}}}} */
static const char core[] = "\x19\x43\x56\x54\x47\x38\x05\x55"
			   "\x15\0\0\0\x08\x01\x12\0\x1a\x0f"
			   "\x42\x0d\x0a\x04\x08\x07\x10\x08\x0a\x05\x08\x80\x20\x10\x09";

START_TEST(test_file_limit)
{
	ck_assert_uint_eq(criu_image_core_file_limit(core, sizeof(core) - 1), 4096);
	/* another image, and whatever is cut off */
	ck_assert_uint_eq(criu_image_core_file_limit(mm, sizeof(mm) - 1), UINT64_MAX);
	for (size_t len = 0; len < sizeof(core) - 1; len++)
		ck_assert_uint_eq(criu_image_core_file_limit(core, len), UINT64_MAX);
}
END_TEST

START_TEST(test_clear)
{
	static const uint32_t programs[] = {3, 470, 472, 473};
	char files[FILES_SIZE + 1] = FILES;

	ck_assert_uint_eq(criu_image_clear_o_path(files, FILES_SIZE, programs, 4), 1);
	ck_assert_mem_eq(files + FIRST_FLAGS, "\x80\x80\x80\0", 4);
	ck_assert_mem_eq(files, FILES, FIRST_FLAGS);
	ck_assert_mem_eq(files + FIRST_FLAGS + 4, &FILES[FIRST_FLAGS + 4],
			 FILES_SIZE - FIRST_FLAGS - 4);
	/* it is cleared */
	ck_assert_uint_eq(criu_image_clear_o_path(files, FILES_SIZE, programs, 4), 0);
}
END_TEST

/* Other flags stay. */
START_TEST(test_other_flags)
{
	static const uint32_t program = 471;
	char files[FILES_SIZE + 1] = FILES;

	ck_assert_uint_eq(criu_image_clear_o_path(files, FILES_SIZE, &program, 1), 1);
	ck_assert_mem_eq(files + SECOND_FLAGS, "\x80\x80\x84\0", 4);
	ck_assert_mem_eq(files, FILES, SECOND_FLAGS);
}
END_TEST

/* What is cut off, or another image, is left as it is. */
START_TEST(test_unknown)
{
	static const uint32_t program = 471;
	char files[FILES_SIZE + 1] = FILES;

	for (size_t len = 0; len < SECOND_FLAGS + 4; len++)
		ck_assert_uint_eq(criu_image_clear_o_path(files, len, &program, 1), 0);
	files[4] ^= 1;
	ck_assert_uint_eq(criu_image_clear_o_path(files, FILES_SIZE, &program, 1), 0);
	files[4] ^= 1;
	ck_assert_mem_eq(files, FILES, FILES_SIZE);
}
END_TEST

/* magic; length; type, id, regular {id, flags, pos, path, size, external, mode} */
#define NULL_FILE(path, size, mode)                                                                \
	"\x19\x43\x56\x54\x38\x31\x30\x56\x21\0\0\0\x08\x01\x10\x05\x1a\x1b"                       \
	"\x08\x05\x10\0\x18\0\x32\x0a" path "\x40" size "\x48\x01\x50" mode

START_TEST(test_null_files)
{
	static const char mended[] = NULL_FILE("/dev//null", "\x80\0", "\xb6\xc3\0");
	static const char other[] = NULL_FILE("/file[1:4]", "\xc0\x01", "\xa4\x83\x02");
	char files[] = NULL_FILE("file[1f:4]", "\xc0\x01", "\xa4\x83\x02");
	char copy[sizeof(other)];

	for (size_t len = 0; len < sizeof(files) - 1; len++)
		ck_assert_uint_eq(null_files_mend(files, len), 0);
	ck_assert_uint_eq(null_files_mend(files, sizeof(files) - 1), 1);
	ck_assert_mem_eq(files, mended, sizeof(files));
	ck_assert_uint_eq(null_files_mend(files, sizeof(files) - 1), 0);
	memcpy(copy, other, sizeof(other));
	ck_assert_uint_eq(null_files_mend(copy, sizeof(copy) - 1), 0);
	ck_assert_mem_eq(copy, other, sizeof(other));
}
END_TEST

/* magic; {length; type, id, pipe {id, inode 300, flags: direct and for writing, owner}} */
#define FILES_MAGIC "\x19\x43\x56\x54\x38\x31\x30\x56"
#define A_PIPE                                                                                     \
	"\x14\0\0\0\x08\x02\x10\x05\x92\x01\x0d\x08\x05\x10\xac\x02\x18\x81\x80\x01"               \
	"\x22\x02\x08\0"
#define OTHER_PIPE                                                                                 \
	"\x14\0\0\0\x08\x02\x10\x06\x92\x01\x0d\x08\x06\x10\xad\x02\x18\x81\x80\x01"               \
	"\x22\x02\x08\0"
/* {length; type, id, regular {id, flags, pos, owner, path, mode}} */
#define A_NULL                                                                                     \
	"\x1e\0\0\0\x08\x01\x10\x05\x1a\x18\x08\x05\x10\x01\x18\0\x2a\x02\x08\0"                   \
	"\x32\x09/dev/null\x50\xb6\x43"

START_TEST(test_null_pipes)
{
	static const char files[] = FILES_MAGIC A_PIPE OTHER_PIPE;
	static const char wanted[] = FILES_MAGIC A_NULL OTHER_PIPE;
	static const uint32_t inodes[] = {300, 302};
	struct null_ids ids = {0};
	size_t len = 0;
	char *text;

	for (size_t cut = 0; cut < sizeof(files) - 1; cut++) {
		text = null_pipes_in_files(files, cut, inodes, 2, &ids, &len);
		/* between the two it is whole */
		ck_assert(!text || cut == sizeof(FILES_MAGIC A_PIPE) - 1);
		free(text);
		ids.n = 0;
	}
	ck_assert_ptr_null(
		null_pipes_in_files(files, sizeof(files) - 1, inodes + 1, 1, &ids, &len));
	text = null_pipes_in_files(files, sizeof(files) - 1, inodes, 2, &ids, &len);
	ck_assert_uint_eq(len, sizeof(wanted) - 1);
	ck_assert_mem_eq(text, wanted, len);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_uint_eq(ids.v[0], 5);
	free(text);
	free(ids.v);
}
END_TEST

/* magic; {length; id, flags, type, descriptor} */
#define DESCRIPTOR(id, type) "\x08\0\0\0\x08" id "\x10\0\x18" type "\x20\x09"

START_TEST(test_null_descriptors)
{
	static const char magic[] = "\x19\x43\x56\x54\x32\x37\x21\x56";
	char image[] = "\x19\x43\x56\x54\x32\x37\x21\x56" DESCRIPTOR("\x05", "\x02")
		DESCRIPTOR("\x06", "\x02") DESCRIPTOR("\x05", "\x03");
	static const char wanted[] = "\x19\x43\x56\x54\x32\x37\x21\x56" DESCRIPTOR("\x05", "\x01")
		DESCRIPTOR("\x06", "\x02") DESCRIPTOR("\x05", "\x03");
	uint32_t id = 5;
	const struct null_ids ids = {&id, 1};

	for (size_t len = 0; len < sizeof(magic) + 4 + 8 - 1; len++)
		ck_assert_uint_eq(null_pipes_in_descriptors(image, len, &ids), 0);
	ck_assert_uint_eq(null_pipes_in_descriptors(image, sizeof(image) - 1, &ids), 1);
	ck_assert_mem_eq(image, wanted, sizeof(image));
}
END_TEST

/* Each is told once, and there is an end. */
START_TEST(test_null_files_list)
{
	struct null_files all = {0};

	for (unsigned int i = 0; i < NULL_FILES_MAX; i++)
		ck_assert(null_files_add_pipe(&all, i));
	ck_assert(null_files_add_pipe(&all, 7) && !null_files_add_pipe(&all, NULL_FILES_MAX));

	for (unsigned int i = 0; i < NULL_FILES_MAX; i++)
		ck_assert(null_files_add(&all, i / 2, i % 2));
	ck_assert(null_files_add(&all, 0, 1));
	ck_assert(!null_files_add(&all, 0, 2));
	ck_assert_uint_eq(all.n, NULL_FILES_MAX);
	null_files_clear(&all);
}
END_TEST

/* magic; {length; type devpts, id, device, root, key or none} */
#define MOUNTS	 "\x19\x43\x56\x54\x28\x39\x56\x55"
#define ORIGINAL MOUNTS "\x10\0\0\0\x08\x06\x10\x01\x18\x21\x32\x02/0\x92\x01\x03tty"
/* that of another device, of another root, one of another type, and the copy */
#define OTHERS                                                                                     \
	"\x0a\0\0\0\x08\x06\x10\x02\x18\x22\x32\x02/0"                                             \
	"\x0a\0\0\0\x08\x06\x10\x02\x18\x21\x32\x02/1"                                             \
	"\x0a\0\0\0\x08\x05\x10\x02\x18\x21\x32\x02/0"
#define COPY  "\x0a\0\0\0\x08\x06\x10\x05\x18\x21\x32\x02/0"
#define KEYED "\x10\0\0\0\x08\x06\x10\x05\x18\x21\x32\x02/0\x92\x01\x03tty"

static const char original[] = ORIGINAL;
static const char copies[] = MOUNTS OTHERS COPY;
static const char keyed_copies[] = MOUNTS OTHERS KEYED;

/* the second: of a mount that is deleted (16) */
#define DELETED MOUNTS "\x02\0\0\0\x10\x01\x05\0\0\0\x10\x02\x80\x01"

START_TEST(test_deleted_mounts)
{
	static const char yes[] = DELETED "\x01", no[] = DELETED "\0";

	ck_assert(criu_mounts_deleted_in(yes, sizeof(yes) - 1));
	ck_assert(!criu_mounts_deleted_in(no, sizeof(no) - 1));
	ck_assert(!criu_mounts_deleted_in(copies, sizeof(copies) - 1));
	for (size_t len = 0; len < sizeof(yes) - 1; len++) {
		char *cut = malloc(len + 1);

		memcpy(cut, yes, len);
		ck_assert(!criu_mounts_deleted_in(cut, len));
		free(cut);
	}
}
END_TEST

START_TEST(test_copies)
{
	struct keyed_mounts keyed = {0};
	size_t len = 0;
	char *text;

	criu_mounts_keyed(copies, sizeof(copies) - 1, &keyed);
	ck_assert_uint_eq(keyed.n, 0);
	criu_mounts_keyed(original, sizeof(original) - 1, &keyed);
	ck_assert_uint_eq(keyed.n, 1);
	ck_assert_ptr_null(criu_mounts_with_keys(original, sizeof(original) - 1, &keyed, &len));
	text = criu_mounts_with_keys(copies, sizeof(copies) - 1, &keyed, &len);
	ck_assert_uint_eq(len, sizeof(keyed_copies) - 1);
	ck_assert_mem_eq(text, keyed_copies, len);
	free(text);
	/* what is cut off is left as it is */
	for (len = 0; len < sizeof(copies) - 1; len++) {
		char *cut = malloc(len + 1);
		size_t unused;

		memcpy(cut, copies, len);
		ck_assert_ptr_null(criu_mounts_with_keys(cut, len, &keyed, &unused));
		free(cut);
	}
	free(keyed.v);
}
END_TEST

/* A length of two bytes. */
START_TEST(test_long_key)
{
	uint8_t root[] = {'/', '0'};
	struct keyed_mount mount = {
		.dev = 0x21, .root = {root, sizeof(root)}, .key = {calloc(200, 1), 200}};
	const struct keyed_mounts keyed = {&mount, 1};
	size_t len = 0, at = sizeof(copies) - 1;
	char *text = criu_mounts_with_keys(copies, at, &keyed, &len);

	ck_assert_uint_eq(len, at + 204);
	ck_assert_mem_eq(text + at, "\x92\x01\xc8\x01", 4);
	free(text);
	free(mount.key.p);
}
END_TEST

#define SKIPPED(id, parent, key)                                                                   \
	(struct skipped_mount)                                                                     \
	{                                                                                          \
		(id), (parent), 0x21, 1, 0, (char *)(uintptr_t)"tracefs", (char *)(uintptr_t)"/",  \
			(char *)(uintptr_t)"/t", (char *)(uintptr_t)"none", 300, 0,                \
			(char *)(uintptr_t)(key)                                                   \
	}

#define ENTRY_5                                                                                    \
	"\x32\0\0\0\x08\x10\x10\x05\x18\x21\x20\x01\x28\x01\x32\x01/\x3a\x02/t\x42\x04none\x4a\0"  \
	"\x50\xac\x02\x58\0\x72\x07tracefs\x88\x01\0\x92\x01\x05trace"
#define ENTRY_6                                                                                    \
	"\x2a\0\0\0\x08\x10\x10\x06\x18\x21\x20\x05\x28\x01\x32\x01/\x3a\x02/t\x42\x04none\x4a\0"  \
	"\x50\xac\x02\x58\0\x72\x07tracefs\x88\x01\0"

/* Those whose parents are there, or were skipped as well, once each. */
START_TEST(test_skipped)
{
	static const char wanted[] = ORIGINAL ENTRY_5 ENTRY_6;
	struct skipped_mount mounts[] = {SKIPPED(5, 1, "trace"), SKIPPED(6, 5, NULL),
					 SKIPPED(7, 8, NULL), SKIPPED(1, 1, NULL)};
	const struct skipped_mounts skipped = {mounts, 4}, none = {mounts + 2, 2};
	size_t len = 0;
	char *text = criu_mounts_with_skipped(original, sizeof(original) - 1, &skipped, &len);

	ck_assert_uint_eq(len, sizeof(wanted) - 1);
	ck_assert_mem_eq(text, wanted, len);
	ck_assert_ptr_null(criu_mounts_with_skipped(text, len, &skipped, &len));
	free(text);
	ck_assert_ptr_null(criu_mounts_with_skipped(original, sizeof(original) - 1, &none, &len));
	ck_assert_ptr_null(criu_mounts_with_skipped(mm, sizeof(mm) - 1, &skipped, &len));
}
END_TEST

/* root, flags, master */
#define WRONG MOUNTS "\x0b\0\0\0\x10\x05\x28\x81\x80\x01\x32\x01/\x58\x09" COPY
#define RIGHT MOUNTS "\x11\0\0\0\x10\x05\x28\x81\x82\x01\x32\x01/\x58\0\x32\x04/a/b" COPY

START_TEST(test_changes)
{
	static const char wrong[] = WRONG, right[] = RIGHT, without[] = MOUNTS;
	struct mount_change v[] = {
		{.id = 7, .root = (char *)(uintptr_t)"/never"},
		{.id = 5, .root = (char *)(uintptr_t)"/a/b", .flags = 256, .no_master = true},
	};
	const struct mount_changes changes = {v, 2}, others = {v, 1}, none = {0};
	size_t len = 0;
	char *text = criu_mounts_with_changes(wrong, sizeof(wrong) - 1, &changes, &len);

	ck_assert_uint_eq(len, sizeof(right) - 1);
	ck_assert_mem_eq(text, right, len);
	free(text);
	v[0] = (struct mount_change){.id = 5, .drop = true};
	text = criu_mounts_with_changes(wrong, sizeof(wrong) - 1, &others, &len);
	ck_assert_uint_eq(len, sizeof(without) - 1);
	ck_assert_mem_eq(text, without, len);
	free(text);
	v[0].id = 7;
	ck_assert_ptr_null(criu_mounts_with_changes(wrong, sizeof(wrong) - 1, &others, &len));
	ck_assert_ptr_null(criu_mounts_with_changes(wrong, sizeof(wrong) - 1, &none, &len));
	ck_assert_ptr_null(criu_mounts_with_changes(mm, sizeof(mm) - 1, &changes, &len));
	for (size_t n = 0; n < sizeof(wrong) - 1; n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, wrong, n);
		text = criu_mounts_with_changes(cut, n, &changes, &len);
		ck_assert(!text || n == sizeof(MOUNTS) - 1 + 15);
		free(text);
		free(cut);
	}
}
END_TEST

/* {8 bytes, type 1, the word 7, path, mount 9} of inode 2 on 22, watched by inotify and fanotify */
#define FILES_MAGIC "\x19\x43\x56\x54\x38\x31\x30\x56"
#define HANDLE	    "\x08\x08\x10\x01\x18\x07\x22\x01/\x28\x09"
#define INOTIFY(entry, file, watch, handle)                                                        \
	entry "\0\0\0\x08\x08\x10\x05\x6a" file "\x08\x05\x2a" watch                               \
	      "\x08\x05\x10\x02\x28\x16\x30\x01\x3a" handle HANDLE
#define FANOTIFY(entry, file, mark, inode, handle)                                                 \
	entry "\0\0\0\x08\x0c\x10\x06\x72" file "\x08\x06\x32" mark "\x08\x06\x30\x16\x3a" inode   \
	      "\x08\x02\x12" handle HANDLE
#define MOVED "\x22\x03/ab\x28\x0c"

static const char watches[] = FILES_MAGIC INOTIFY("\x1f", "\x19", "\x15", "\x0b")
	FANOTIFY("\x1f", "\x19", "\x15", "\x0f", "\x0b");

START_TEST(test_watches)
{
	struct criu_watches found;

	criu_watches_read(watches, sizeof(watches) - 1, &found);
	ck_assert_uint_eq(found.n, 2);
	for (size_t i = 0; i < found.n; i++) {
		ck_assert_uint_eq(found.v[i].dev, 22);
		ck_assert_uint_eq(found.v[i].inode, 2);
		ck_assert_uint_eq(found.v[i].handle_type, 1);
		ck_assert_uint_eq(found.v[i].handle_len, 8);
		ck_assert_mem_eq(found.v[i].handle, "\x07\0\0\0\0\0\0", 8);
		ck_assert_str_eq(found.v[i].path, "/");
		ck_assert_uint_eq(found.v[i].mount, 9);
	}
	criu_watches_clear(&found);
	criu_watches_read(mm, sizeof(mm) - 1, &found);
	ck_assert_uint_eq(found.n, 0);
}
END_TEST

START_TEST(test_watch_changes)
{
	static const char right[] = FILES_MAGIC INOTIFY("\x26", "\x20", "\x1c", "\x12")
		MOVED FANOTIFY("\x26", "\x20", "\x1c", "\x16", "\x12") MOVED;
	struct watch_change v[] = {
		{.dev = 22, .inode = 3, .path = (char *)(uintptr_t)"/never"},
		{.dev = 21, .inode = 2, .path = (char *)(uintptr_t)"/never"},
		{.dev = 22, .inode = 2, .path = (char *)(uintptr_t)"/ab", .mount = 12},
	};
	const struct watch_changes changes = {v, 3}, others = {v, 2}, none = {0};
	struct criu_watches found;
	size_t len = 0;
	char *text = criu_watches_with_changes(watches, sizeof(watches) - 1, &changes, &len);

	ck_assert_uint_eq(len, sizeof(right) - 1);
	ck_assert_mem_eq(text, right, len);
	criu_watches_read(text, len, &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert_str_eq(found.v[1].path, "/ab");
	ck_assert_uint_eq(found.v[1].mount, 12);
	criu_watches_clear(&found);
	free(text);
	ck_assert_ptr_null(criu_watches_with_changes(watches, sizeof(watches) - 1, &others, &len));
	ck_assert_ptr_null(criu_watches_with_changes(watches, sizeof(watches) - 1, &none, &len));
	ck_assert_ptr_null(criu_watches_with_changes(mm, sizeof(mm) - 1, &changes, &len));
}
END_TEST

static const struct {
	const char *name;
	enum criu_image kind;
	unsigned int pages;
	bool read;
} names[] = {
	{"core-17.img", CRIU_IMAGE_CORE, 0, true},
	{"mm-17.img", CRIU_IMAGE_MM, 0, true},
	{"pages-3.img", CRIU_IMAGE_PAGES, 3, true},
	{"pages-3.img.bak", CRIU_IMAGE_OTHER, 0, false},
	{"pages-4294967296.img", CRIU_IMAGE_PAGES, 0, true},
	{"pages-x.img", CRIU_IMAGE_PAGES, 0, true},
	{"core.17", CRIU_IMAGE_OTHER, 0, false},
	{"files.img", CRIU_IMAGE_OTHER, 0, true},
	{"parent", CRIU_IMAGE_OTHER, 0, true},
	{"img", CRIU_IMAGE_OTHER, 0, false},
	{"", CRIU_IMAGE_OTHER, 0, false},
};

START_TEST(test_names)
{
	ck_assert_int_eq(criu_image_kind(names[_i].name), names[_i].kind);
	ck_assert_uint_eq(criu_pages_number(names[_i].name), names[_i].pages);
	ck_assert_int_eq(criu_reads(names[_i].name), names[_i].read);
}
END_TEST

Suite *criu_image_mend_suite(void)
{
	Suite *s = suite_create("criu_image_mend");
	TCase *t = tcase_create("criu_image");

	tcase_add_loop_test(t, test_names, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(t, test_program);
	tcase_add_test(t, test_file_limit);
	tcase_add_test(t, test_clear);
	tcase_add_test(t, test_other_flags);
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_null_files);
	tcase_add_test(t, test_null_files_list);
	tcase_add_test(t, test_null_pipes);
	tcase_add_test(t, test_null_descriptors);
	tcase_add_test(t, test_copies);
	tcase_add_test(t, test_deleted_mounts);
	tcase_add_test(t, test_long_key);
	tcase_add_test(t, test_skipped);
	tcase_add_test(t, test_changes);
	tcase_add_test(t, test_watches);
	tcase_add_test(t, test_watch_changes);
	suite_add_tcase(s, t);
	return s;
}
