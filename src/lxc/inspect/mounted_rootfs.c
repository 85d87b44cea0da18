/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks what a running container has for its /. Runs in the caller's process, as root, in the
 * host's namespaces, and reads only.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/mounted_rootfs.h"
#include "storage/rootfs_identity.h"
#include "sys/mountflags.h"
#include "sys/process.h"
#include "sys/scout.h"
#include "util/fd.h"
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
static char *directory_differs(struct container_facts *f, const struct rootfs_seen *seen,
			       const struct stat *its)
{
	const long monitor = process_status_number(f->init_pid, "PPid");
	_cleanup_free_ char *named = xasprintf("/proc/%ld/root%s", monitor, f->rootfs);
	struct stat b;

	/* this process sees what the container has */
	if (stat(f->rootfs, &b) == 0 && is_same(its, &b)) {
		rootfs_describe_directory(f);
		return NULL;
	}
	if (monitor <= 0 || stat(named, &b) < 0)
		return NULL;
	if (is_same(its, &b)) {
		rootfs_describe_hooks_directory(f, seen, its->st_ino);
		return NULL;
	}
	return xstrdup("is another directory on the host than the container has for /");
}

/*
 * A container that has changed its root (pivot_root) may serve it itself, by FUSE: it is not asked.
 */
static int open_root(pid_t init, struct stat *ret)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init);
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 || stat_without_sync(fd, ret) < 0 ? -1 : TAKE_FD(fd);
}

/* How the container has its root mounted. Whether the mount maps ids is known elsewhere. */
static char *root_options(const char *seen)
{
	static const char mapped[] = ",idmapped";
	const size_t len = strlen(seen), n = sizeof(mapped) - 1;
	_cleanup_free_ char *options =
		xstrndup(seen, len > n && strcmp(seen + len - n, mapped) == 0 ? len - n : len);
	unsigned long flags;

	return mount_flags_parse(options, &flags) ? TAKE_PTR(options) : NULL;
}

void inspect_mounted_rootfs(struct container_facts *facts, struct libmnt_fs *root)
{
	const enum rootfs_kind kind = facts->obstacles.rootfs;
	struct stat its;
	_cleanup_close_ int fd = open_root(facts->init_pid, &its);
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	const struct rootfs_seen seen = {
		.root = path,
		.type = text_or(mnt_fs_get_fstype(root), ""),
		.source = text_or(mnt_fs_get_source(root), ""),
		.options = text_or(mnt_fs_get_vfs_options(root), "rw"),
		.data = text_or(mnt_fs_get_fs_options(root), ""),
		.dev = mnt_fs_get_devno(root),
	};

	if (fd < 0)
		return;
	free(facts->rootfs_options);
	facts->rootfs_options = root_options(seen.options);
	if (kind == ROOTFS_DIRECTORY)
		facts->obstacles.rootfs_differs = directory_differs(facts, &seen, &its);
	else if (rootfs_kind_word(kind))
		facts->obstacles.rootfs_differs = rootfs_describe(facts, kind, &seen);
}
