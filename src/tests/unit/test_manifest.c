/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/manifest.h"
#include "manifest_text.h"
#include "unit.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"

static void expect_facts(const struct manifest *m)
{
	ck_assert_str_eq(m->parent, "../pre1");
	ck_assert_uint_eq(m->facts.n_nics, 2);
	ck_assert(m->facts.nics[0].host_ipv6_disabled);
	ck_assert_ptr_null(m->facts.nics[1].mac);
	ck_assert_int_eq(m->facts.ttys[0].index, -1);
	ck_assert_uint_eq(m->facts.ttys[0].dev, 0xffffffffU);
	ck_assert_uint_eq(m->facts.ttys[0].gid, 5);
	ck_assert_uint_eq(m->facts.ttys[0].mode, 0620);
	ck_assert_ptr_null(m->facts.apparmor_label);
	ck_assert_uint_eq(m->n_files, 2);
	ck_assert_uint_eq(m->files[0].size, INT64_MAX);
}

START_TEST(test_round_trip)
{
	_cleanup_free_ char *whole = manifest_good(), *text = NULL;
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_error_ struct error *e = NULL;
	int r = manifest_from_json(whole, strlen(whole), &m, &e);

	ck_assert_msg(r == 0, "%s", e ? e->message : "");
	ck_assert_uint_eq(m.schema, 3);
	ck_assert(m.stopped);
	expect_facts(&m);
	ck_assert_uint_eq(m.facts.nics[0].n_host_settings, 2);
	ck_assert_str_eq(m.facts.nics[0].host_settings[0].name, "port.isolated");
	ck_assert_str_eq(m.facts.nics[0].host_settings[1].value, "2");
	ck_assert_str_eq(m.files[0].xxh3_128, "99aa06d3014798d86001c324468d497f");
	ck_assert_str_eq(m.facts.inner_cgroup, "in");
	ck_assert_uint_eq(m.page_size, 4096);
	ck_assert_str_eq(m.cpu_model, "Some CPU");
	ck_assert_str_eq(m.cpu_features, "fpu avx xsave_size=832");
	ck_assert_uint_eq(m.n_items, 1);
	ck_assert_str_eq(m.items[0].key, "lxc.tty.max");
	ck_assert_str_eq(m.items[0].value, "4");
	ck_assert_uint_eq(m.facts.rootfs_inode, 4711);
	ck_assert_str_eq(m.facts.rootfs_kind, "loop");
	ck_assert_str_eq(m.facts.rootfs_layers[0].path, "/srv/c1.img");
	ck_assert_uint_eq(m.facts.rootfs_layers[0].inode, 4712);
	ck_assert_str_eq(m.facts.rootfs_options, "rw,noatime");
	ck_assert_str_eq(m.facts.mounts[0].kind, "directory");
	ck_assert_str_eq(m.facts.mounts[0].mount_point, "/usr");
	ck_assert_str_eq(m.facts.mounts[0].filesystem, "ext4");
	ck_assert_ptr_null(m.facts.mounts[0].identity);
	ck_assert_uint_eq(m.facts.mounts[0].inode, 77);
	ck_assert_str_eq(m.facts.ttys[0].options, "rw,nosuid,noexec,relatime");
	ck_assert_int_eq(m.facts.threads[0].core_group, 1);
	ck_assert_str_eq(m.facts.block_filesystems[0].source, "/dev/loop0");
	ck_assert_ptr_null(m.facts.block_filesystems[0].backing);

	m.facts.init_pid = 4711;
	text = manifest_to_json(&m);
	ck_assert_str_eq(text, whole);
}
END_TEST

static void expect_schema_1(const struct manifest *m)
{
	ck_assert_ptr_null(m->files[0].xxh3_128);
	ck_assert_ptr_null(m->facts.inner_cgroup);
	ck_assert_uint_eq(m->page_size, 0);
	ck_assert_ptr_null(m->cpu_features);
	ck_assert_ptr_null(m->items);
	ck_assert_uint_eq(m->facts.rootfs_inode, 0);
	ck_assert_ptr_null(m->facts.rootfs_kind);
	ck_assert_ptr_null(m->facts.mounts[0].kind);
	ck_assert_ptr_null(m->facts.ttys[0].options);
	ck_assert_int_eq(m->facts.threads[0].core_group, 0);
}

/* Has checksums, and what came with them. */
static void expect_schema_2(const struct manifest *m)
{
	ck_assert_str_eq(m->facts.inner_cgroup, "in");
	ck_assert_uint_eq(m->page_size, 4096);
	ck_assert_ptr_nonnull(m->files[0].xxh3_128);
	ck_assert(!m->stopped);
	ck_assert_uint_eq(m->facts.nics[0].n_host_settings, 0);
}

static void (*const schemas[])(const struct manifest *m) = {expect_schema_1, expect_schema_2};

/* As earlier versions wrote it. */
START_TEST(test_earlier_schema)
{
	const unsigned int schema = (unsigned int)_i + 1;
	_cleanup_free_ char *path = xasprintf(TEST_FIXTURES "/manifest/schema-%u.json", schema);
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(AT_FDCWD, path, 65536, &text);
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_error_ struct error *e = NULL;
	int r;

	ck_assert_int_gt(len, 0);
	r = manifest_from_json(text, (size_t)len, &m, &e);
	ck_assert_msg(r == 0, "%s", e ? e->message : "");
	ck_assert_uint_eq(m.schema, schema);
	expect_facts(&m);
	schemas[_i](&m);
}
END_TEST

/* What came later is not known in it. */
START_TEST(test_schema_1_strict)
{
	_cleanup_free_ char *text = manifest_change("\"schema\": 3", "\"schema\": 1");
	_cleanup_free_ char *sums = xasprintf("%.*s\n}\n", (int)strlen(text) - 2, text);
	_cleanup_free_ char *whole = manifest_sealed(text);

	manifest_refused(sums, strlen(sums), "stopped: ");
	manifest_refused(whole, strlen(whole), "stopped: is not a member");
}
END_TEST

START_TEST(test_checksum)
{
	_cleanup_checksum_ struct checksum *c = checksum_new();
	_cleanup_free_ char *nothing = checksum_text(c), *parts = NULL, *whole = NULL;

	/* as xxh128sum has it */
	ck_assert_str_eq(nothing, "99aa06d3014798d86001c324468d497f");
	for (const char *p = manifest_begins; *p; p++)
		checksum_add(c, p, 1);
	parts = checksum_text(c);
	whole = checksum_of(manifest_begins, strlen(manifest_begins));
	ck_assert_str_eq(parts, whole);
}
END_TEST

START_TEST(test_checksum_file)
{
	FILE *f = tmpfile();
	_cleanup_checksum_ struct checksum *c = checksum_new();
	_cleanup_free_ char *data = xcalloc(600001, 1), *whole = NULL, *of_file = NULL;

	for (size_t i = 0; i < 600001; i++)
		data[i] = (char)(i * i >> 7);
	whole = checksum_of(data + 1, 600000);
	ck_assert_uint_eq(fwrite(data, 1, 600001, f), 600001);
	ck_assert_int_eq(fflush(f), 0);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 1, 300000), 0);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 300000, 600001), 0);
	of_file = checksum_text(c);
	ck_assert_str_eq(whole, of_file);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 600000, 600002), -ENODATA);
	fclose(f);
}
END_TEST

START_TEST(test_write_not_utf8)
{
	_cleanup_free_ char *whole = manifest_good();
	_cleanup_manifest_ struct manifest m = {0};

	ck_assert_int_eq(manifest_from_json(whole, strlen(whole), &m, NULL), 0);
	free(m.config);
	m.config = xstrdup("# \344\n");
	ck_assert_ptr_null(manifest_to_json(&m));
}
END_TEST

Suite *manifest_suite(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("manifest");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_round_trip);
	tcase_add_loop_test(t, test_earlier_schema, 0, sizeof(schemas) / sizeof(schemas[0]));
	tcase_add_test(t, test_schema_1_strict);
	tcase_add_test(t, test_checksum);
	tcase_add_test(t, test_checksum_file);
	tcase_add_test(t, test_write_not_utf8);
	suite_add_tcase(s, t);
	return s;
}
