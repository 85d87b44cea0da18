/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before a dump: files whose place is gone or is another's. At a restore CRIU makes a deleted
 * folder anew at its old path and removes it again, and binds a Unix socket in the folder that it
 * was bound in. Runs in the command, as root on the host; the scout asks for the paths in the
 * container.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/un.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "preflight/survey.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

/* Takes LINK_DELETED off the end of path. Returns whether it was there. */
static bool strip_deleted(char *path)
{
	size_t len = length_before(path, LINK_DELETED);

	if (len == 0)
		return false;
	path[len] = '\0';
	return true;
}

/* 0 where something is there, -errno. */
static int look_at(struct survey *s, const struct mount *m, const char *path, int flags)
{
	_cleanup_close_ int fd = scout_open(&s->scout, m->process->pid, path, O_PATH | flags);

	return fd < 0 ? fd : 0;
}

static bool is_not_there(int e)
{
	return e == -ENOENT || e == -ENOTDIR;
}

/* In place: the folder that it is in. */
static char *cut_last_part(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
	return path;
}

/* Whether another deleted folder had this path too. */
static bool is_second(struct survey *s, const struct mount *m, const char *path, ino_t inode)
{
	uint64_t key = XXH3_64bits_withSeed(path, strlen(path), m->dev);
	size_t known;

	if (map_get(&s->deleted_folders, key, &known))
		return known != inode;
	map_add(&s->deleted_folders, key, inode);
	return false;
}

static void check_folder(struct survey *s, const struct process *p, const struct mount *m,
			 const char *how, const char *path, ino_t inode)
{
	int e = look_at(s, m, path, O_NOFOLLOW);

	if (e == 0 || e == -ENOTDIR)
		findings_add(s->found,
			     FINDING("deleted-folder", FINDING_BLOCKS,
				     "have it change to another folder, or restart that program",
				     OF_PROCESS(s, p)),
			     "%s that was deleted, and at its place or at that of a folder above "
			     "it there is another file or folder now, which CRIU would take for "
			     "it: %s",
			     how, path);
	else if (is_second(s, m, path, inode))
		findings_add(s->found,
			     FINDING("deleted-folder", FINDING_BLOCKS,
				     "have it change to another folder, or restart that program",
				     OF_PROCESS(s, p)),
			     "%s that was deleted, and another deleted folder that is in use had "
			     "the same path, which CRIU cannot restore: %s",
			     how, path);
}

/* The kernel does not say "(deleted)" of those. */
static void check_removed_cgroup(struct survey *s, const struct process *p, const struct mount *m,
				 const char *how, const char *path)
{
	if (look_at(s, m, path, 0) == -ENOENT)
		findings_add(s->found,
			     FINDING("removed-cgroup", FINDING_BLOCKS,
				     "restart that program, or stop it", OF_PROCESS(s, p)),
			     "%s in a cgroup that was removed, which CRIU cannot save: %s", how,
			     path);
}

void check_deleted_place(struct survey *s, const struct process *p, const struct mount *m,
			 const char *path, const struct statx *st, const char *how)
{
	_cleanup_free_ char *place = NULL;

	if (strncmp(m->type, "cgroup", strlen("cgroup")) == 0) {
		check_removed_cgroup(s, p, m, how, path);
		return;
	}
	if (S_ISDIR(st->stx_mode) && st->stx_nlink > 0)
		return;
	place = xstrdup(path);
	if (!strip_deleted(place))
		return;
	if (S_ISDIR(st->stx_mode))
		check_folder(s, p, m, how, place, (ino_t)st->stx_ino);
	else if (look_at(s, m, cut_last_part(place), O_DIRECTORY) == -ENOTDIR)
		findings_add(s->found,
			     FINDING("deleted-folder", FINDING_BLOCKS, "restart that program",
				     OF_PROCESS(s, p)),
			     "%s that was deleted, and at the place of its folder there is "
			     "another file now, so that CRIU cannot restore it: %s",
			     how, place);
}

/* --- Unix sockets --------------------------------------------------------------------------------
 */

bool cut_relative_name(char *path, const char *name)
{
	size_t len = strlen(path), tail;

	while (strncmp(name, "./", 2) == 0)
		name += strspn(name + 1, "/") + 1;
	tail = strlen(name);
	if (tail == 0 || len <= tail || path[len - tail - 1] != '/' ||
	    strcmp(path + len - tail, name) != 0)
		return false;
	path[len - tail - (len - tail > 1)] = '\0';
	return true;
}

/* Whether the path is that name in another root directory. */
static bool is_beneath(const char *path, const char *name)
{
	size_t len = strlen(path), tail = strlen(name);

	return len > tail && strcmp(path + len - tail, name) == 0;
}

static void found_folder_gone(struct survey *s, const struct process *p, const char *name,
			      const char *folder)
{
	findings_add(s->found,
		     FINDING("socket-name", FINDING_BLOCKS,
			     "make that folder, or restart that program, or stop it",
			     OF_PROCESS(s, p)),
		     "waits on a Unix socket that was bound to %s, and the folder %s is not there "
		     "any more, so that CRIU could not bind it",
		     name, folder);
}

void check_socket_folder(struct survey *s, const struct process *p, int fd, const char *name)
{
	_cleanup_close_ int file = ioctl(fd, SIOCUNIXFILE);
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", file);
	char path[PATH_MAX + 1] = "", folder[UNIX_PATH_MAX + 1] = "";
	const struct mount *m;
	bool is_deleted;
	struct statx st;

	if (file < 0 ||
	    statx(file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID) || readlink(link, path, sizeof(path) - 1) <= 0)
		return;
	m = survey_mount(s, (int)st.stx_mnt_id);
	is_deleted = strip_deleted(path);
	if (!m)
		return;
	if (*name != '/') {
		if (!cut_relative_name(path, name))
			findings_add(s->found,
				     FINDING("socket-name", FINDING_BLOCKS,
					     "restart that program, or stop it", OF_PROCESS(s, p)),
				     "waits on a Unix socket that was bound to the relative name "
				     "%s, which does not lead to it any more (%s), and which CRIU "
				     "cannot save",
				     name, path);
		else if (is_not_there(look_at(s, m, path, O_DIRECTORY)))
			found_folder_gone(s, p, name, path);
		return;
	}
	snprintf(folder, sizeof(folder), "%s", name);
	if (is_deleted)
		return;
	if (is_not_there(look_at(s, m, cut_last_part(folder), O_DIRECTORY)))
		found_folder_gone(s, p, name, folder);
	else if (is_beneath(path, name) && is_not_there(look_at(s, m, name, 0)))
		findings_add(s->found,
			     FINDING("socket-name", FINDING_WARNING,
				     "restart that program after a restore", OF_PROCESS(s, p)),
			     "waits on a Unix socket that was bound in a root directory of its own "
			     "(%s): a restore binds it to %s in the container's",
			     path, name);
}
