/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds watched files (inotify, fanotify) that CRIU's image has at the wrong place, and their right
 * place, by their handles. Runs in the command as root, in the host's namespaces, at post-dump: the
 * container stands still, and CRIU has just looked up the same files through the same mounts.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "carry/seen_mounts_save.h"
#include "criu/image_names.h"
#include "criu/image_watches.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILES_MAX (1024 * 1024 * 1024)

/* A container may have very many such watches, and very many mounts of a filesystem. */
#define TRIES_MAX 10000

#define DEV_MINOR_BITS 20 /* as CRIU combines the two numbers */

struct looking {
	const struct seen_mounts *mounts;
	struct map by_id;
	struct map known; /* inodes of watches whose place has been looked for */
	pid_t root_of;	  /* the process whose root directory this is */
	int root;
	size_t tries;
	struct watch_changes *found;
};

static dev_t device_of(const struct criu_watch *w)
{
	return makedev((unsigned int)(w->dev >> DEV_MINOR_BITS),
		       (unsigned int)(w->dev & ((1U << DEV_MINOR_BITS) - 1)));
}

static const struct seen_mount *mount_by_id(const struct looking *l, uint64_t id)
{
	size_t i;

	return map_get(&l->by_id, id, &i) ? &l->mounts->v[i] : NULL;
}

/* Opens the root directory of a mount's namespace; -1: the process that sees it is gone. */
static int root_for(struct looking *l, const struct seen_mount *m)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)m->pid);

	if (l->root >= 0 && l->root_of == m->pid)
		return l->root;
	fd_close(&l->root);
	l->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	l->root_of = m->pid;
	return l->root;
}

static bool stat_mount(int fd, struct statx *ret)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, ret) ==
		       0 &&
	       (ret->stx_mask & STATX_MNT_ID);
}

/* Whether a path in the mount namespace of m leads to the watched file. */
static bool is_at(struct looking *l, const struct criu_watch *w, const struct seen_mount *m,
		  const char *path)
{
	_cleanup_close_ int fd = open_in_root(root_for(l, m), path, O_PATH | O_NOFOLLOW);
	const struct seen_mount *on;
	struct statx st;

	if (fd < 0 || !stat_mount(fd, &st) || st.stx_ino != w->inode)
		return false;
	on = mount_by_id(l, st.stx_mnt_id);
	return on && on->info.dev == device_of(w);
}

/* Opens a watched file through a mount of its filesystem; -1: there is no way. */
static int open_by_mount(struct looking *l, const struct criu_watch *w, const struct seen_mount *m)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + WATCH_HANDLE_MAX];
	} h = {.handle = {.handle_bytes = w->handle_len, .handle_type = (int)w->handle_type}};
	_cleanup_close_ int fd =
		open_in_root(root_for(l, m), m->info.point, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	struct statx st;

	/* another mount may hide it */
	if (fd < 0 || !stat_mount(fd, &st) || st.stx_mnt_id != m->info.id)
		return -1;
	memcpy(h.space + sizeof(h.handle), w->handle, w->handle_len);
	return open_by_handle_at(fd, &h.handle, O_PATH | O_CLOEXEC);
}

/* The path of a watched file by a mount; NULL: the mount does not show it. Caller frees. */
static char *path_by_mount(struct looking *l, const struct criu_watch *w,
			   const struct seen_mount *m)
{
	_cleanup_close_ int fd = open_by_mount(l, w, m);
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", fd);
	char path[PATH_MAX];
	ssize_t n = fd < 0 ? -1 : readlink(link, path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return is_at(l, w, m, path) ? xstrdup(path) : NULL;
}

static bool find_place(struct looking *l, const struct criu_watch *w, bool whole)
{
	for (size_t i = 0; i < l->mounts->n && l->tries < TRIES_MAX; i++) {
		const struct seen_mount *m = &l->mounts->v[i];
		char *path;

		if (m->info.dev != device_of(w) || (strcmp(m->info.root, "/") == 0) != whole)
			continue;
		l->tries++;
		path = path_by_mount(l, w, m);
		if (!path)
			continue;
		*ARRAY_ADD(l->found->v, l->found->n) = (struct watch_change){
			.dev = w->dev,
			.inode = w->inode,
			.path = path,
			.mount = (unsigned int)m->info.id,
		};
		return true;
	}
	return false;
}

static int look_for(struct looking *l, const struct criu_watch *w, struct error **reterr)
{
	const struct seen_mount *m = mount_by_id(l, w->mount);

	if (!m || is_at(l, w, m, w->path) ||
	    !map_add(&l->known, map_key(w->inode, (uint32_t)w->dev), 0) || find_place(l, w, true) ||
	    find_place(l, w, false))
		return 0;
	/* CRIU has compared the inode number of any other path */
	if (strcmp(w->path, "/") != 0)
		return 0;
	return error_set(reterr, EBUSY,
			 "a process watches a file (inode %llu of the filesystem on %s) that CRIU "
			 "would take for the root directory",
			 (unsigned long long)w->inode, m->info.point);
}

int watches_save(struct saving *s, const struct seen_mounts *mounts, struct error **reterr)
{
	struct looking l = {.mounts = mounts, .root = -1, .found = &s->watch_changes};
	_cleanup_criu_watches_ struct criu_watches watches = {0};
	_cleanup_free_ char *files = NULL;
	ssize_t len = read_file_at(s->image->dirfd, CRIU_FILES, FILES_MAX, &files);
	int r = 0;

	/* there are no files: criu_image_mend() does not mind either */
	if (len == -ENOENT)
		return 0;
	if (len < 0)
		return error_set(reterr, (int)-len, "cannot read CRIU's " CRIU_FILES ": %s",
				 strerror((int)-len));
	criu_watches_read(files, (size_t)len, &watches);
	for (size_t i = 0; watches.n > 0 && i < mounts->n; i++)
		map_add(&l.by_id, mounts->v[i].info.id, i);
	for (size_t i = 0; r == 0 && i < watches.n; i++)
		r = look_for(&l, &watches.v[i], reterr);
	fd_close(&l.root);
	map_clear(&l.by_id);
	map_clear(&l.known);
	return r;
}
