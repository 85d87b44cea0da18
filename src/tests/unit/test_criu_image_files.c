/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "criu/image_files.h"
#include "unit.h"

/* As CRIU 4.2 writes them: the magic words, then a length and that many bytes each. */
#define COMMON "\x19\x43\x56\x54"

static const char files_img[] =
	COMMON "\x38\x31\x30\x56"
	       /* REG, 5: /bin/x, mount 7, 300 bytes, mode 0100755, a build ID of two words */
	       "\x28\x00\x00\x00\x08\x01\x10\x05\x1a\x22"
	       "\x08\x05\x10\x00\x18\x00\x2a\x00\x32\x06/bin/x\x38\x0e\x40\xac\x02\x50\xed\x83\x02"
	       "\x58\x81\x04\x58\xff\xff\xff\xff\x0f"
	       /* REG, 6: no size, mount -1 */
	       "\x13\x00\x00\x00\x08\x01\x10\x06\x1a\x0d\x08\x06\x32\x05/logs\x38\x01\x50\x00"
	       /* REG, 8: one that CRIU is given */
	       "\x11\x00\x00\x00\x08\x01\x10\x08\x1a\x0b\x08\x08\x32\x05/file\x48\x01"
	       /* a pipe */
	       "\x04\x00\x00\x00\x08\x02\x10\x07";

static const char mountpoints_img[] = COMMON "\x28\x39\x56\x55"
					     "\x05\x00\x00\x00\x10\x07\x3a\x01/"
					     "\x0e\x00\x00\x00\x10\x09\x3a\x04/lib\x92\x01\x03lib";

/* 7: the rootfs, /c1 of device 3; 9: its folder /c1/x, as / of another mount namespace; 10: another
 * filesystem there, 11: another folder of that filesystem */
static const char init_mounts[] = COMMON "\x28\x39\x56\x55"
					 "\x0c\x00\x00\x00\x10\x07\x18\x03\x32\x03/c1\x3a\x01/";
static const char other_mounts[] = COMMON "\x28\x39\x56\x55"
					  "\x0e\x00\x00\x00\x10\x09\x18\x03\x32\x05/c1/x\x3a\x01/"
					  "\x0d\x00\x00\x00\x10\x0a\x18\x04\x32\x01/\x3a\x04/tmp"
					  "\x0e\x00\x00\x00\x10\x0b\x18\x03\x32\x02/c\x3a\x04/mnt";

static const char ids_img[] = COMMON "\x30\x20\x43\x54"
				     "\x04\x00\x00\x00\x08\x01\x48\x0d";

/* two of the device 7:0, the second given to CRIU; and one of 7:1 */
static const char devices_img[] =
	COMMON "\x28\x39\x56\x55"
	       "\x19\x00\x00\x00\x08\x10\x10\x05\x18\x80\x80\xc0\x03\x3a\x02/a"
	       "\x42\x04/dev\x72\x04"
	       "ext4"
	       "\x0d\x00\x00\x00\x08\x10\x10\x06\x18\x80\x80\xc0\x03\x92\x01\x01k"
	       "\x19\x00\x00\x00\x08\x10\x10\x07\x18\x81\x80\xc0\x03\x3a\x02/b"
	       "\x42\x04/dev\x72\x04"
	       "ext4";

static const char remap_img[] = COMMON "\x54\x39\x13\x59"
				       "\x04\x00\x00\x00\x08\x05\x10\x01";

START_TEST(test_files)
{
	_cleanup_criu_files_ struct criu_files f = {0};

	criu_files_add(&f, files_img, sizeof(files_img) - 1);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_uint_eq(f.v[0].id, 5);
	ck_assert_str_eq(f.v[0].path, "/bin/x");
	ck_assert_int_eq(f.v[0].mount, 7);
	ck_assert(f.v[0].has_size);
	ck_assert_uint_eq(f.v[0].size, 300);
	ck_assert_uint_eq(f.v[0].mode, 0100755);
	ck_assert_uint_eq(f.v[0].build_id_len, 8);
	ck_assert_mem_eq(f.v[0].build_id, "\x01\x02\0\0\xff\xff\xff\xff", 8);
	ck_assert_str_eq(f.v[1].path, "/logs");
	ck_assert_int_eq(f.v[1].mount, -1);
	ck_assert(!f.v[1].has_size);

	criu_files_remove(&f, remap_img, sizeof(remap_img) - 1);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.v[0].id, 6);
}
END_TEST

START_TEST(test_mounts)
{
	_cleanup_criu_files_ struct criu_files f = {0};

	criu_files_add_mounts(&f, 12, mountpoints_img, sizeof(mountpoints_img) - 1);
	ck_assert_uint_eq(f.n_mounts, 2);
	ck_assert_str_eq(criu_files_mount(&f, 7)->target, "/");
	ck_assert_ptr_null(criu_files_mount(&f, 7)->key);
	ck_assert_str_eq(criu_files_mount(&f, 9)->key, "lib");
	ck_assert_ptr_null(criu_files_mount(&f, 1));
}
END_TEST

START_TEST(test_in_rootfs)
{
	static const struct {
		int mount;
		const char *path, *wanted;
	} cases[] = {
		{7, "/a/b", "a/b"},   {7, "/", ""},	    {9, "/a", "x/a"}, {9, "/", "x"},
		{10, "/tmp/a", NULL}, {11, "/mnt/a", NULL}, {10, "/a", NULL}, {12, "/a", NULL},
	};
	_cleanup_criu_files_ struct criu_files f = {0};

	f.init_ns = criu_files_mount_ns(ids_img, sizeof(ids_img) - 1);
	ck_assert_uint_eq(f.init_ns, 13);
	ck_assert_uint_eq(criu_files_mount_ns(ids_img, sizeof(ids_img) - 2), 0);
	criu_files_add_mounts(&f, 13, init_mounts, sizeof(init_mounts) - 1);
	criu_files_add_mounts(&f, 14, other_mounts, sizeof(other_mounts) - 1);
	ck_assert_int_eq(criu_files_rootfs(&f)->id, 7);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct criu_file file = {.mount = cases[i].mount,
					       .path = (char *)(uintptr_t)cases[i].path};
		char *found = criu_files_in_rootfs(&f, &file);

		ck_assert_pstr_eq(found, cases[i].wanted);
		free(found);
	}
}
END_TEST

/* 7: the rootfs; 9 and 11: folders /s and /s/t of device 4, which CRIU was told of as "a" and "b";
 * in another mount namespace 12: /s/t/u, 13: /s/x, 14: /, 15: /s of device 5, 16: /s/t */
static const char external_mounts[] =
	COMMON "\x28\x39\x56\x55"
	       "\x0c\x00\x00\x00\x10\x07\x18\x03\x32\x03/c1\x3a\x01/"
	       "\x11\x00\x00\x00\x10\x09\x18\x04\x32\x02/s\x3a\x03/ms"
	       "\x92\x01\x01"
	       "a"
	       "\x13\x00\x00\x00\x10\x0b\x18\x04\x32\x04/s/t\x3a\x03/mt"
	       "\x92\x01\x01"
	       "b";
static const char copied_mounts[] = COMMON "\x28\x39\x56\x55"
					   "\x0f\x00\x00\x00\x10\x0c\x18\x04\x32\x06/s/t/u\x3a\x01/"
					   "\x0f\x00\x00\x00\x10\x0d\x18\x04\x32\x04/s/x\x3a\x03/mx"
					   "\x0b\x00\x00\x00\x10\x0e\x18\x04\x32\x01/\x3a\x02/a"
					   "\x0c\x00\x00\x00\x10\x0f\x18\x05\x32\x02/s\x3a\x02/b"
					   "\x0e\x00\x00\x00\x10\x10\x18\x04\x32\x04/s/t\x3a\x02/c";

START_TEST(test_in_external)
{
	static const struct {
		int mount;
		const char *path, *wanted, *key;
	} cases[] = {
		{9, "/ms/f", "f", "a"},	     {9, "/ms", "", "a"},	{9, "/other", NULL, NULL},
		{11, "/mt/f/g", "f/g", "b"}, {12, "/f", "u/f", "b"},	{12, "/", "u", "b"},
		{13, "/mx/f", "x/f", "a"},   {14, "/a/f", NULL, NULL},	{15, "/b/f", NULL, NULL},
		{16, "/c", "", "b"},	     {16, "/c/f", "f", "b"},	{7, "/f", NULL, NULL},
		{99, "/f", NULL, NULL},	     {16, "/cc/f", NULL, NULL},
	};
	_cleanup_criu_files_ struct criu_files f = {0};

	f.init_ns = 13;
	criu_files_add_mounts(&f, 13, external_mounts, sizeof(external_mounts) - 1);
	criu_files_add_mounts(&f, 14, copied_mounts, sizeof(copied_mounts) - 1);
	ck_assert_uint_eq(f.n_mounts, 8);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct criu_file file = {.mount = cases[i].mount,
					       .path = (char *)(uintptr_t)cases[i].path};
		const char *key = NULL;
		char *found = criu_files_in_external(&f, &file, &key);

		ck_assert_pstr_eq(found, cases[i].wanted);
		ck_assert_pstr_eq(key, cases[i].key);
		free(found);
	}
}
END_TEST

START_TEST(test_by_name)
{
	_cleanup_criu_files_ struct criu_files f = {0};

	criu_files_add_mounts(&f, 13, devices_img, sizeof(devices_img) - 1);
	ck_assert_uint_eq(f.n_mounts, 3);
	ck_assert_uint_eq(f.mounts[2].dev, makedev(7, 1));
	ck_assert_str_eq(f.mounts[2].source, "/dev");
	ck_assert_str_eq(f.mounts[2].type, "ext4");
	/* the host's */
	ck_assert(!criu_mount_is_by_name(&f, &f.mounts[0], makedev(8, 1)));
	ck_assert(!criu_mount_is_by_name(&f, &f.mounts[1], makedev(8, 1)));
	ck_assert(criu_mount_is_by_name(&f, &f.mounts[2], makedev(8, 1)));
	/* the rootfs' */
	ck_assert(!criu_mount_is_by_name(&f, &f.mounts[2], makedev(7, 1)));
}
END_TEST

/* Cut off anywhere it is read as far as it goes, and nothing is read beyond it. */
START_TEST(test_cut_off)
{
	for (size_t len = 0; len < sizeof(files_img); len++) {
		_cleanup_criu_files_ struct criu_files f = {0};
		char *copy = malloc(len + 1);

		memcpy(copy, files_img, len);
		criu_files_add(&f, copy, len);
		ck_assert_uint_le(f.n, 2);
		criu_files_add_mounts(&f, 12, copy, len);
		ck_assert_uint_eq(f.n_mounts, 0);
		free(copy);
	}
}
END_TEST

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr load, note;
	Elf64_Nhdr other;
	char other_name[4], other_text[8];
	Elf64_Nhdr id;
	char id_name[4];
	unsigned char id_text[20];
};

static struct program program_make(void)
{
	struct program p = {
		.header = {.e_phoff = offsetof(struct program, load),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 2},
		.load = {.p_type = PT_LOAD},
		.note = {.p_type = PT_NOTE,
			 .p_offset = offsetof(struct program, other),
			 .p_filesz = sizeof(struct program) - offsetof(struct program, other)},
		.other = {.n_namesz = 4, .n_descsz = 5, .n_type = NT_GNU_ABI_TAG},
		.id = {.n_namesz = 4, .n_descsz = 18, .n_type = NT_GNU_BUILD_ID},
	};

	memcpy(p.header.e_ident, ELFMAG, SELFMAG);
	p.header.e_ident[EI_CLASS] = ELFCLASS64;
	memset(p.id_text, 0xab, sizeof(p.id_text));
	return p;
}

START_TEST(test_build_id)
{
	struct program p = program_make();
	uint8_t id[BUILD_ID_MAX];

	ck_assert_uint_eq(elf_build_id(&p, sizeof(p), id), 20);
	ck_assert_mem_eq(
		id, "\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\0\0",
		20);
	for (size_t len = 0; len < sizeof(p); len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, &p, len);
		ck_assert_uint_eq(elf_build_id(copy, len, id), 0);
		free(copy);
	}
	p.id.n_descsz = 0xfffffff0;
	ck_assert_uint_eq(elf_build_id(&p, sizeof(p), id), 0);
	p = program_make();
	p.header.e_phoff = (Elf64_Off)-8;
	ck_assert_uint_eq(elf_build_id(&p, sizeof(p), id), 0);
	p = program_make();
	p.note.p_offset = (Elf64_Off)-1;
	ck_assert_uint_eq(elf_build_id(&p, sizeof(p), id), 0);
	p = program_make();
	p.header.e_ident[EI_CLASS] = ELFCLASS32;
	ck_assert_uint_eq(elf_build_id(&p, sizeof(p), id), 0);
	ck_assert_uint_eq(elf_build_id("#!/bin/sh\n", 10, id), 0);
}
END_TEST

Suite *criu_image_files_suite(void)
{
	Suite *s = suite_create("criu_image_files");
	TCase *t = tcase_create("criu_files");

	tcase_add_test(t, test_files);
	tcase_add_test(t, test_mounts);
	tcase_add_test(t, test_in_rootfs);
	tcase_add_test(t, test_in_external);
	tcase_add_test(t, test_by_name);
	tcase_add_test(t, test_cut_off);
	tcase_add_test(t, test_build_id);
	suite_add_tcase(s, t);
	return s;
}
