/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds files of filesystems that only a container has mounted. Runs in the command at CRIU's
 * post-dump and in the monitor at its post-restore: as root in the host's namespaces, while no
 * process of the container runs.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "criu/device_files.h"
#include "sys/mountinfo.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define MOUNTINFO_MAX (64 * 1024 * 1024)

static void add_mounts(struct device_mounts *d, pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *line = read_file_at(AT_FDCWD, path, MOUNTINFO_MAX, &text) > 0 ? text : NULL;

	for (; line; line = mountinfo_next(line)) {
		_cleanup_mountinfo_ struct mountinfo m = {0};

		if (mountinfo_parse(line, &m) && major(m.dev))
			*ARRAY_ADD(d->v, d->n) = (struct device_mount){
				.id = m.id,
				.dev = m.dev,
				.root = TAKE_PTR(m.root),
				.point = TAKE_PTR(m.point),
				.pid = pid,
			};
	}
}

static int look_at_process(pid_t pid, void *userdata)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/mnt", (int)pid);
	struct device_mounts *d = userdata;
	struct stat st;

	/* a dead one has none */
	if (stat(path, &st) < 0)
		return 0;
	for (size_t i = 0; i < d->n_seen; i++)
		if (d->seen[i] == st.st_ino)
			return 0;
	*ARRAY_ADD(d->seen, d->n_seen) = st.st_ino;
	add_mounts(d, pid);
	return 0;
}

void device_mounts_read(pid_t init, struct device_mounts *ret)
{
	look_at_process(init, ret);
	for_each_process(init, look_at_process, ret);
}

void device_mounts_clear(struct device_mounts *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].root);
		free(d->v[i].point);
	}
	free(d->v);
	free(d->seen);
	*d = (struct device_mounts){0};
}

const struct criu_mount *device_file_mount(const struct criu_files *files,
					   const struct criu_file *file)
{
	const struct criu_mount *rootfs = criu_files_rootfs(files);
	const struct criu_mount *m = criu_files_mount(files, file->mount);

	return m && m->root && m->target &&
			       criu_mount_is_by_name(files, m, rootfs ? rootfs->dev : 0)
		       ? m
		       : NULL;
}

/* Nothing else may be over it: the number of the mount that a path leads to is that of this. */
static int open_on(const struct device_mount *m, const char *below)
{
	_cleanup_free_ char *top = xasprintf("/proc/%d/root", (int)m->pid);
	_cleanup_free_ char *path = xasprintf("%s%s%s", m->point, *below ? "/" : "", below);
	_cleanup_close_ int root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct statx st;

	fd = root < 0 ? -1 : open_in_root(root, path, O_PATH);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID) || st.stx_mnt_id != m->id)
		return -1;
	return TAKE_FD(fd);
}

int device_file_open(const struct device_mounts *d, dev_t dev, const struct criu_mount *m,
		     const struct criu_file *file)
{
	const char *rest = criu_files_below(file->path, m->target);
	_cleanup_free_ char *path =
		rest ? xasprintf("%s%s%s", strcmp(m->root, "/") == 0 ? "" : m->root,
				 *rest ? "/" : "", rest)
		     : NULL;

	for (size_t i = 0; path && i < d->n; i++) {
		const char *below =
			d->v[i].dev == dev ? criu_files_below(path, d->v[i].root) : NULL;
		int fd = below ? open_on(&d->v[i], below) : -1;

		if (fd >= 0)
			return fd;
	}
	return -1;
}
