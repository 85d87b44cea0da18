/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "carry/superblock.h"
#include "unit.h"
#include "util/mem.h"

static const struct {
	const char *type;
	size_t magic_at;
	const char *magic;
	size_t at;
	const char *bytes; /* that tell it */
	const char *identity;
} known[] = {
	{"ext4", 1080, "\x53\xef", 1128, "0123456789abcdef",
	 "uuid:30313233-3435-3637-3839-616263646566"},
	{"ext2", 1080, "\x53\xef", 1128, "0123456789abcdef",
	 "uuid:30313233-3435-3637-3839-616263646566"},
	{"xfs", 0, "XFSB", 32, "0123456789abcdef", "uuid:30313233-3435-3637-3839-616263646566"},
	{"btrfs", 65600, "_BHRfS_M", 65568, "0123456789abcdef",
	 "uuid:30313233-3435-3637-3839-616263646566"},
	{"f2fs", 1024, "\x10\x20\xf5\xf2", 1132, "0123456789abcdef",
	 "uuid:30313233-3435-3637-3839-616263646566"},
	{"vfat", 82, "FAT32   ", 67, "abcd", "serial:61626364"},
	{"vfat", 54, "FAT16   ", 39, "abcd", "serial:61626364"},
	{"ntfs3", 3, "NTFS    ", 72, "01234567", "serial:3031323334353637"},
	{"squashfs", 0, "hsqs", 8, "date", NULL},
	{"iso9660", 32769, "CD001", 33000, "date", NULL},
};

static void fill(char *bytes, size_t i)
{
	memset(bytes, 0, SUPERBLOCK_BYTES);
	memcpy(bytes + known[i].magic_at, known[i].magic, strlen(known[i].magic));
	memcpy(bytes + known[i].at, known[i].bytes, strlen(known[i].bytes));
}

START_TEST(test_identity)
{
	_cleanup_free_ char *bytes = xcalloc(SUPERBLOCK_BYTES, 1), *id = NULL, *changed = NULL;

	fill(bytes, (size_t)_i);
	id = superblock_identity(known[_i].type, bytes, SUPERBLOCK_BYTES);
	ck_assert_ptr_nonnull(id);
	if (known[_i].identity)
		ck_assert_str_eq(id, known[_i].identity);
	else
		ck_assert_msg(strncmp(id, "sum:", 4) == 0, "%s", id);
	bytes[known[_i].at]++;
	changed = superblock_identity(known[_i].type, bytes, SUPERBLOCK_BYTES);
	ck_assert_str_ne(id, changed);
	/* another filesystem, or the beginning alone */
	ck_assert_ptr_null(superblock_identity("reiserfs", bytes, SUPERBLOCK_BYTES));
	ck_assert_ptr_null(superblock_identity(known[_i].type, bytes, known[_i].at));
	bytes[known[_i].magic_at] ^= 1;
	ck_assert_ptr_null(superblock_identity(known[_i].type, bytes, SUPERBLOCK_BYTES));
}
END_TEST

START_TEST(test_nothing_to_tell_by)
{
	_cleanup_free_ char *bytes = xcalloc(SUPERBLOCK_BYTES, 1);

	fill(bytes, 0);
	memset(bytes + known[0].at, 0, 16);
	ck_assert_ptr_null(superblock_identity("ext4", bytes, SUPERBLOCK_BYTES));
	ck_assert_ptr_null(superblock_identity("ext4", bytes, 0));
}
END_TEST

START_TEST(test_uuid)
{
	ck_assert_str_eq(superblock_uuid("uuid:1-2"), "1-2");
	ck_assert_ptr_null(superblock_uuid("sum:12"));
	ck_assert_ptr_null(superblock_uuid(NULL));
}
END_TEST

Suite *superblock_suite(void)
{
	Suite *s = suite_create("superblock");
	TCase *t = tcase_create("superblock");

	tcase_add_loop_test(t, test_identity, 0, sizeof(known) / sizeof(known[0]));
	tcase_add_test(t, test_nothing_to_tell_by);
	tcase_add_test(t, test_uuid);
	suite_add_tcase(s, t);
	return s;
}
