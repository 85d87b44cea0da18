/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What inspect/ makes of mounts: a container may mount what it likes where it likes. The
 * input is the container's mountinfo, an empty line, and the host's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "facts/facts.h"
#include "fuzz.h"
#include "inspect/mounts.h"
#include "sys/mountflags.h"

/* A line that libmount does not take is left out, which is what its users do, too. */
static int skip(struct libmnt_table *t, const char *file, int line)
{
	(void)t;
	(void)file;
	(void)line;
	return 1;
}

static struct libmnt_table *read_table(const char *text, size_t len)
{
	struct libmnt_table *t = mnt_new_table();
	FILE *f = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : NULL;

	mnt_table_set_parser_errcb(t, skip);
	if (f) {
		mnt_table_parse_stream(t, f, "mountinfo");
		fclose(f);
	}
	return t;
}

static void look_at(struct container_facts *facts, struct libmnt_fs *fs, struct libmnt_fs *root,
		    struct libmnt_table *host, struct map *keys)
{
	const char *target = mnt_fs_get_target(fs);
	const char *options = mnt_fs_get_vfs_options(fs);
	_cleanup_strv_ struct strv found = mount_source_candidates(fs, host);
	struct ext_mount *m;
	unsigned long flags;
	char *key;

	for (size_t i = 0; i < found.n; i++)
		must(found.v[i][0] == '/');
	if (!target || mount_classify(fs, root, host) != MOUNT_EXTERNAL)
		return;
	if (options && mount_flags_parse(options, &flags))
		must(!mount_options_have(options, "idmapped"));
	must(tty_index(target) <= TTY_INDEX_MAX);
	key = mount_key(keys, target);
	m = ARRAY_ADD(facts->mounts, facts->n_mounts);
	m->key = key;
	must(strspn(m->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") ==
	     strlen(m->key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *gap = memmem(text, size, "\n\n", 2);
	size_t len = gap ? (size_t)(gap - text) + 1 : size;
	struct libmnt_table *table = read_table(text, len);
	struct libmnt_table *host = read_table(text + len, size - len);
	struct libmnt_fs *root = mnt_table_find_target(table, "/", MNT_ITER_BACKWARD);
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	_cleanup_facts_ struct container_facts facts = {0};
	_cleanup_map_ struct map keys = {0};
	struct libmnt_fs *fs;

	while (root && mnt_table_next_fs(table, it, &fs) == 0)
		look_at(&facts, fs, root, host, &keys);
	mnt_free_iter(it);
	mnt_unref_table(table);
	mnt_unref_table(host);
	return 0;
}
