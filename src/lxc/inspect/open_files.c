/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Size and time of the files that a container's processes have open or mapped. Runs in the
 * command, as root and in the host's namespaces, while CRIU holds the processes still.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "criu_files.h"
#include "file_times.h"
#include "inspect/open_files.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* What the kernel makes up when somebody looks: such a file is as new as its boot, or as now. */
static bool is_made_up(int fd)
{
	static const uint32_t kernels[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,	  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC,	  TRACEFS_MAGIC,  SECURITYFS_MAGIC,   BPF_FS_MAGIC,
		PSTOREFS_MAGIC,	  EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC, NSFS_MAGIC,
		0x62656570, /* configfs */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if ((uint32_t)fs.f_type == kernels[i])
			return true;
	return false;
}

static bool is_fuse(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type == FUSE_SUPER_MAGIC;
}

static bool modified(int fd, struct statx_timestamp *ret)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MTIME, &stx) < 0)
		return false;
	*ret = stx.stx_mtime;
	return true;
}

/* lxcfs says of its files that they are of this moment. */
static bool is_always_new(int fd)
{
	struct statx_timestamp a, b;

	return is_fuse(fd) && (!modified(fd, &a) || !modified(fd, &b) || a.tv_sec != b.tv_sec ||
			       a.tv_nsec != b.tv_nsec);
}

static const char *target_of(const struct container_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].key, key) == 0)
			return facts->mounts[i].target;
	return NULL;
}

/*
 * Where init sees it, whatever mount namespace it was opened in. NULL: it is in a filesystem that
 * CRIU saves. Caller frees.
 */
static char *path_for_init(const struct container_facts *facts, const struct criu_files *files,
			   const struct criu_file *file)
{
	const struct criu_mount *m = criu_files_mount(files, file->mount);
	const char *target = m && m->key ? target_of(facts, m->key) : NULL;
	const char *below = target ? criu_files_below(file->path, m->target) : NULL;

	if (m && m->key)
		return below ? xasprintf("%s%s%s", target, *below ? "/" : "", below) : NULL;
	return criu_files_in_rootfs(files, file);
}

static void add(int root, const struct criu_file *file, const char *path, struct file_times *times)
{
	_cleanup_close_ int fd = open_in_root(root, path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	/* another one than CRIU had: the path leads elsewhere for init */
	if (file->has_size && file->size != (uint64_t)st.st_size)
		return;
	if (is_made_up(fd) || is_always_new(fd))
		return;
	*ARRAY_ADD(times->v, times->n) = (struct file_time){
		.id = file->id,
		.size = (uint64_t)st.st_size,
		.mtime = st.st_mtim,
	};
}

char *inspect_file_times(const struct container_facts *facts, int root, int dirfd)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	_cleanup_file_times_ struct file_times times = {0};

	criu_files_read(dirfd, &files);
	for (size_t i = 0; root >= 0 && i < files.n; i++) {
		_cleanup_free_ char *seen = path_for_init(facts, &files, &files.v[i]);

		if (seen)
			add(root, &files.v[i], seen, &times);
	}
	return file_times_format(&times);
}
