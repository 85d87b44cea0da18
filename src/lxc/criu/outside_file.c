/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the host's files that a container's processes have open. Runs in the command, and after
 * pre-start hooks in the monitor: as root, in the host's namespaces. The same at a dump and at a
 * restore, so that the same is compared.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "criu/outside_file.h"
#include "util/fd.h"
#include "util/mem.h"

static const struct ext_mount *mount_of(const struct container_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].key, key) == 0)
			return &facts->mounts[i];
	return NULL;
}

/* O_PATH of what path leads to, which is kept open. */
static int open_top(struct outside *o, const char *path)
{
	const size_t n = sizeof(o->tops) / sizeof(o->tops[0]);
	struct outside_top *top;

	for (size_t i = 0; i < n; i++)
		if (o->tops[i].path == path)
			return o->tops[i].fd;
	/* the rootfs has the first place to itself */
	top = &o->tops[path != o->rootfs];
	if (top->path)
		fd_close(&top->fd);
	top->path = NULL;
	top->fd = open(path, O_PATH | O_CLOEXEC);
	if (top->fd >= 0)
		top->path = path;
	return top->fd;
}

/* CRIU's paths have no links in them, and a file is on the mount that its path begins with. */
static int open_below(struct outside *o, const char *top, const char *rest)
{
	int root = open_top(o, top);

	if (root < 0)
		return -1;
	return *rest ? open_in_mount(root, rest, O_PATH) : fcntl(root, F_DUPFD_CLOEXEC, 0);
}

/* The host's directory that a file is below, and its path from there. NULL: there is none. */
static const char *place_of(const struct outside *o, const struct criu_file *file, char **ret_rest)
{
	const char *key = NULL;
	char *below = criu_files_in_external(o->files, file, &key);
	const struct ext_mount *m = below ? mount_of(o->facts, key) : NULL;

	*ret_rest = below;
	if (m)
		return m->source;
	if (below || !o->rootfs)
		return NULL;
	*ret_rest = criu_files_in_rootfs(o->files, file);
	return *ret_rest ? o->rootfs : NULL;
}

int outside_file_open(struct outside *o, const struct criu_file *file)
{
	_cleanup_free_ char *rest = NULL;
	const char *top = place_of(o, file, &rest);

	errno = 0;
	return top ? open_below(o, top, rest) : -1;
}

static void forget_directory(struct outside *o)
{
	if (o->directory)
		fd_close(&o->directory_fd);
	free(TAKE_PTR(o->directory));
}

/* Opens the directory that a file is in, unless it is that of the last one. */
static int enter_directory(struct outside *o, const char *top, const char *path)
{
	struct statx x;

	if (o->directory && o->directory_top == top && strcmp(o->directory, path) == 0)
		return 0;
	forget_directory(o);
	o->directory_fd = open_below(o, top, path);
	if (o->directory_fd < 0)
		return -errno;
	if (statx(o->directory_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &x) < 0 ||
	    !(x.stx_mask & STATX_MNT_ID)) {
		fd_close(&o->directory_fd);
		return -EOPNOTSUPP;
	}
	o->directory = xstrdup(path);
	o->directory_top = top;
	o->mount = x.stx_mnt_id;
	return 0;
}

void outside_clear(struct outside *o)
{
	for (size_t i = 0; i < sizeof(o->tops) / sizeof(o->tops[0]); i++)
		if (o->tops[i].path)
			fd_close(&o->tops[i].fd);
	forget_directory(o);
	*o = (struct outside){0};
}

static struct timespec time_from(const struct statx_timestamp *t)
{
	return (struct timespec){t->tv_sec, t->tv_nsec};
}

static void stat_from(const struct statx *x, struct stat *ret)
{
	*ret = (struct stat){
		.st_dev = makedev(x->stx_dev_major, x->stx_dev_minor),
		.st_ino = x->stx_ino,
		.st_mode = x->stx_mode,
		.st_nlink = x->stx_nlink,
		.st_uid = x->stx_uid,
		.st_gid = x->stx_gid,
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
		.st_size = (off_t)x->stx_size,
		.st_atim = time_from(&x->stx_atime),
		.st_mtim = time_from(&x->stx_mtime),
		.st_ctim = time_from(&x->stx_ctime),
	};
}

int outside_file_stat(int fd, struct stat *ret)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &x) < 0)
		return -errno;
	stat_from(&x, ret);
	return 0;
}

/* In the directory that was entered: by a link, or to another mount, it does not lead away. */
static int look_in_directory(const struct outside *o, const char *name, struct stat *ret)
{
	struct statx x;

	if (statx(o->directory_fd, name,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC,
		  STATX_BASIC_STATS | STATX_MNT_ID, &x) < 0)
		return -errno;
	if (S_ISLNK(x.stx_mode))
		return -ELOOP;
	if (x.stx_mnt_id != o->mount)
		return -EXDEV;
	stat_from(&x, ret);
	return 0;
}

static int look_by_opening(struct outside *o, const char *top, const char *rest, struct stat *ret)
{
	_cleanup_close_ int fd = open_below(o, top, rest);

	/* that of the last one is of no meaning for this one */
	forget_directory(o);
	return fd < 0 ? -errno : outside_file_stat(fd, ret);
}

int outside_file_look(struct outside *o, const struct criu_file *file, struct stat *ret)
{
	_cleanup_free_ char *rest = NULL;
	const char *top = place_of(o, file, &rest), *name;
	char *slash;
	int r;

	if (!top)
		return 1;
	slash = strrchr(rest, '/');
	name = slash ? slash + 1 : rest;
	/* no name of an entry */
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return look_by_opening(o, top, rest, ret);
	if (slash)
		*slash = '\0';
	r = enter_directory(o, top, slash ? rest : "");
	if (slash && r == -EOPNOTSUPP)
		*slash = '/';
	if (r == -EOPNOTSUPP)
		return look_by_opening(o, top, rest, ret);
	return r < 0 ? r : look_in_directory(o, name, ret);
}

char *outside_file_name(const struct container_facts *facts, const struct criu_files *files,
			const struct criu_file *file)
{
	const char *key = NULL;
	_cleanup_free_ char *below = criu_files_in_external(files, file, &key);
	const struct ext_mount *m = below ? mount_of(facts, key) : NULL;
	_cleanup_free_ char *rest = below ? NULL : criu_files_in_rootfs(files, file);

	if (m)
		return xasprintf("%s%s%s", m->target, *below ? "/" : "", below);
	return rest ? xasprintf("/%s", rest) : xstrdup(file->path);
}
