/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * CRIU leaves every tracefs out of its image, because the kernel mounts one by itself beneath
 * a debugfs. Reads what has been left out from /proc/PID/mountinfo. Runs in the command as
 * root. The container stands still, so the numbers of its mounts are CRIU's.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "carry/table_save.h"
#include "sys/mountflags.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define SKIPPED "tracefs"

#define MOUNTINFO_MAX (64 * 1024 * 1024)

struct look {
	const struct container_facts *facts;
	struct skipped_mounts *found;
	ino_t *seen; /* mount namespaces */
	size_t n_seen;
};

static unsigned int peer_group(struct libmnt_fs *fs, const char *word)
{
	const char *fields = mnt_fs_get_optional_fields(fs);
	const char *p = fields ? strstr(fields, word) : NULL;

	return p ? (unsigned int)strtoul(p + strlen(word), NULL, 10) : 0;
}

static const char *key_of(const struct container_facts *facts, const char *target)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].target, target) == 0)
			return facts->mounts[i].key;
	return NULL;
}

static int add(struct look *look, struct libmnt_fs *fs, bool is_init)
{
	const char *key = is_init ? key_of(look->facts, mnt_fs_get_target(fs)) : NULL;
	const char *options = mnt_fs_get_vfs_options(fs), *super = mnt_fs_get_fs_options(fs);
	const char *source = mnt_fs_get_source(fs);
	dev_t dev = mnt_fs_get_devno(fs);
	unsigned long flags;
	struct skipped_mount *m;

	if (!mount_flags_parse(options ? options : "rw", &flags))
		return -EOPNOTSUPP;
	m = ARRAY_ADD(look->found->v, look->found->n);
	*m = (struct skipped_mount){
		.id = (unsigned int)mnt_fs_get_id(fs),
		.parent = (unsigned int)mnt_fs_get_parent_id(fs),
		.dev = (uint64_t)major(dev) << 20 | minor(dev),
		.flags = (unsigned int)flags,
		.super_flags = super && mount_options_have(super, "ro") ? MS_RDONLY : 0,
		.type = xstrdup(SKIPPED),
		.root = xstrdup(mnt_fs_get_root(fs)),
		.target = xstrdup(mnt_fs_get_target(fs)),
		.source = xstrdup(source ? source : "none"),
		.shared = peer_group(fs, "shared:"),
		.master = peer_group(fs, "master:"),
		.key = key ? xstrdup(key) : NULL,
	};
	return 0;
}

static int add_all(struct look *look, const char *path, bool is_init)
{
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = mnt_table_parse_file(table, path) < 0 ? -EIO : 0;

	while (r == 0 && mnt_table_next_fs(table, it, &fs) == 0)
		if (strcmp(mnt_fs_get_fstype(fs), SKIPPED) == 0)
			r = add(look, fs, is_init);
	mnt_free_iter(it);
	mnt_unref_table(table);
	return r;
}

/* Few containers have one, and all wait for this. */
static int look_at(struct look *look, pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)pid);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, MOUNTINFO_MAX, &text);

	if (n < 0)
		return (int)n;
	return strstr(text, " - " SKIPPED " ") ? add_all(look, path, pid == look->facts->init_pid)
					       : 0;
}

static int look_at_process(pid_t pid, void *userdata)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/mnt", (int)pid);
	struct look *look = userdata;
	struct stat st;

	/* a dead one has none */
	if (stat(path, &st) < 0)
		return 0;
	for (size_t i = 0; i < look->n_seen; i++)
		if (look->seen[i] == st.st_ino)
			return 0;
	*ARRAY_ADD(look->seen, look->n_seen) = st.st_ino;
	return look_at(look, pid);
}

static int fail(int r, struct error **reterr)
{
	return error_set(reterr, -r, "cannot read the container's mounts: %s", strerror(-r));
}

/* Looks at init's mount namespace alone: few containers have processes in others. */
int tracefs_save(struct saving *s, struct error **reterr)
{
	struct look look = {.facts = s->facts, .found = &s->skipped};
	int r = look_at_process(s->facts->init_pid, &look);

	s->mount_ns = look.n_seen ? look.seen[0] : 0;
	free(look.seen);
	return r < 0 ? fail(r, reterr) : 0;
}

/* Those of the others, where CRIU has found that there are any. */
int tracefs_save_nested(struct saving *s, struct error **reterr)
{
	struct look look = {.facts = s->facts, .found = &s->skipped};
	int r;

	if (!criu_mounts_nested(s->image->dirfd))
		return 0;
	*ARRAY_ADD(look.seen, look.n_seen) = s->mount_ns;
	r = for_each_process(s->facts->init_pid, look_at_process, &look);
	free(look.seen);
	return r < 0 ? fail(r, reterr) : 0;
}
