/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks what a running container has for its /. Runs in the caller's process, as root, in the
 * host's namespaces, and reads only.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "inspect/mounted_rootfs.h"
#include "storage/rootfs_identity.h"
#include "sys/process.h"
#include "util/mem.h"

static const char *text_or(const char *text, const char *other)
{
	return text ? text : other;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A pre-mount hook mounts for the container alone, and a restore does not run it. The monitor,
 * init's parent, may have mounts of its own, which pre-start hooks make (lxc.monitor.unshare).
 */
static char *directory_differs(struct container_facts *f)
{
	const long monitor = process_status_number(f->init_pid, "\nPPid:");
	_cleanup_free_ char *its = xasprintf("/proc/%d/root/.", (int)f->init_pid);
	_cleanup_free_ char *named = xasprintf("/proc/%ld/root%s", monitor, f->rootfs);
	struct stat a, b;

	/* this process sees what the container has */
	if (stat(its, &a) == 0 && stat(f->rootfs, &b) == 0 && is_same(&a, &b)) {
		rootfs_describe_directory(f);
		return NULL;
	}
	if (monitor <= 0 || stat(its, &a) < 0 || stat(named, &b) < 0 || is_same(&a, &b))
		return NULL;
	return xstrdup("is another directory on the host than the container has for /");
}

void inspect_mounted_rootfs(struct container_facts *facts, struct libmnt_fs *root)
{
	const enum rootfs_kind kind = facts->obstacles.rootfs;
	_cleanup_free_ char *path = xasprintf("/proc/%d/root/.", (int)facts->init_pid);
	const struct rootfs_seen seen = {
		.root = path,
		.type = text_or(mnt_fs_get_fstype(root), ""),
		.source = text_or(mnt_fs_get_source(root), ""),
		.options = text_or(mnt_fs_get_vfs_options(root), "rw"),
		.data = text_or(mnt_fs_get_fs_options(root), ""),
		.dev = mnt_fs_get_devno(root),
	};

	if (kind == ROOTFS_DIRECTORY)
		facts->obstacles.rootfs_differs = directory_differs(facts);
	else if (rootfs_kind_word(kind))
		facts->obstacles.rootfs_differs = rootfs_describe(facts, kind, &seen);
}
