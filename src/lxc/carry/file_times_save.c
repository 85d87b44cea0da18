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

#include "carry/file_times.h"
#include "carry/table_save.h"
#include "criu/device_files.h"
#include "criu/outside_file.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* The kernel makes such files up on access: their times are those of boot, or of now. */
static bool is_made_up(uint32_t type)
{
	static const uint32_t kernels[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,	  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC,	  TRACEFS_MAGIC,  SECURITYFS_MAGIC,   BPF_FS_MAGIC,
		PSTOREFS_MAGIC,	  EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC, NSFS_MAGIC,
		0x62656570, /* configfs */
	};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (type == kernels[i])
			return true;
	return false;
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

	return !modified(fd, &a) || !modified(fd, &b) || a.tv_sec != b.tv_sec ||
	       a.tv_nsec != b.tv_nsec;
}

struct look {
	const struct container_facts *facts;
	struct outside outside;
	struct device_mounts devices; /* read when there is a file of theirs */
	struct file_times times;
	dev_t dev; /* the filesystem of the last file ... */
	long type; /* ... and its kind; -1: there was none */
};

/* fd: of the file, or its directory */
static bool is_worth_a_note(struct look *l, int fd, dev_t dev)
{
	struct statfs fs;

	if (l->type < 0 || l->dev != dev) {
		l->type = -1;
		if (fstatfs(fd, &fs) < 0)
			return false;
		l->type = (long)(uint32_t)fs.f_type;
		l->dev = dev;
	}
	return !is_made_up((uint32_t)l->type);
}

/* at: as for is_worth_a_note(); fd: the file's, or -1 where it was not opened */
static void add(struct look *l, const struct criu_file *file, const struct stat *st, int at, int fd)
{
	if (!S_ISREG(st->st_mode))
		return;
	/* another one than CRIU had: something is in the place of its folder on the host */
	if (file->has_size && file->size != (uint64_t)st->st_size)
		return;
	if (!is_worth_a_note(l, at, st->st_dev))
		return;
	if (l->type == FUSE_SUPER_MAGIC) {
		_cleanup_close_ int own = fd < 0 ? outside_file_open(&l->outside, file) : -1;

		if (is_always_new(fd < 0 ? own : fd))
			return;
	}
	*ARRAY_ADD(l->times.v, l->times.n) = (struct file_time){
		.id = file->id,
		.size = (uint64_t)st->st_size,
		.mtime = st->st_mtim,
	};
}

/* Returns the host's path of the container's root directory. Caller frees. */
static char *rootfs_path(const struct container_facts *facts, int root)
{
	struct stat here, there;

	if (facts->rootfs && fstat(root, &there) == 0 && stat(facts->rootfs, &here) == 0 &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return xstrdup(facts->rootfs);
	return xasprintf("/proc/self/fd/%d", root);
}

static void look_on_device(struct look *l, const struct criu_mount *m, const struct criu_file *file)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (l->devices.n_seen == 0)
		device_mounts_read(l->facts->init_pid, &l->devices);
	fd = device_file_open(&l->devices, m->dev, m, file);
	if (fd >= 0 && outside_file_stat(fd, &st) == 0)
		add(l, file, &st, fd, fd);
}

static void look_at(struct look *l, const struct criu_file *file)
{
	const struct outside *o = &l->outside;
	const struct criu_mount *m;
	struct stat st;

	if (outside_file_look(&l->outside, file, &st) == 0) {
		_cleanup_close_ int fd = o->directory ? -1 : outside_file_open(&l->outside, file);

		add(l, file, &st, o->directory ? o->directory_fd : fd, fd);
		return;
	}
	m = device_file_mount(l->outside.files, file);
	if (m)
		look_on_device(l, m, file);
}

/* The container's memory fits to files of these times: a restore compares them. */
int file_times_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *rootfs = rootfs_path(s->facts, s->root);
	const struct criu_files *files = s->files;
	struct look l = {.facts = s->facts,
			 .outside = {.facts = s->facts, .rootfs = rootfs, .files = files},
			 .type = -1};
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < files->n; i++)
		look_at(&l, &files->v[i]);
	text = file_times_format(&l.times);
	file_times_clear(&l.times);
	device_mounts_clear(&l.devices);
	outside_clear(&l.outside);
	return image_write(s->image, FILE_TIMES_NAME, text, reterr);
}
