/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A CRIU that is killed in a checkpoint leaves the names that it gave to open files of which only
 * another name exists. The next checkpoint would give the same names, and fail. Runs in the
 * command, as root on the host, after CRIU's end: the container runs on, and may change what is
 * looked at.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/leftovers.h"
#include "lock/recover.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static const char deleted[] = " (deleted)";

struct search {
	int root; /* init's */
	size_t removed;
};

/* Where the file was, as far as that is in the rootfs and no link is on the way; else -1. */
static int open_directory(int root, char *path)
{
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		_cleanup_close_ int fd = -1;

		*slash = '\0';
		/* within one mount: nothing that the container serves is asked */
		fd = open_in_mount(root, *path ? path : "/", O_PATH | O_DIRECTORY);
		if (fd >= 0)
			return openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (errno != ENOENT)
			return -1;
	}
	return -1;
}

/* Of the names of that one file those that CRIU gives. */
static void remove_names(struct search *s, int dirfd, const struct statx *file)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;
	struct statx st;

	while (dir && (e = readdir(dir)))
		if (criu_is_link_remap(e->d_name) && e->d_ino == file->stx_ino &&
		    statx(dirfd, e->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
			  STATX_BASIC_STATS, &st) == 0 &&
		    st.stx_ino == file->stx_ino && st.stx_dev_major == file->stx_dev_major &&
		    st.stx_dev_minor == file->stx_dev_minor && st.stx_nlink > 1)
			s->removed += unlinkat(dirfd, e->d_name, 0) == 0;
}

/* A link in /proc to an open file. */
static void look_at_link(struct search *s, int proc, const char *name)
{
	const size_t tail = sizeof(deleted) - 1;
	_cleanup_close_ int dirfd = -1;
	char path[PATH_MAX];
	ssize_t n = readlinkat(proc, name, path, sizeof(path) - 1);
	struct statx st;

	if (n <= (ssize_t)tail || n >= (ssize_t)sizeof(path) || path[0] != '/' ||
	    memcmp(path + n - (ssize_t)tail, deleted, tail) != 0)
		return;
	path[n - (ssize_t)tail] = '\0';
	if (statx(proc, name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) < 0 || st.stx_nlink < 2)
		return;
	dirfd = open_directory(s->root, path);
	if (dirfd >= 0)
		remove_names(s, dirfd, &st);
}

static int look_at_process(pid_t pid, void *userdata)
{
	static const char *const folders[] = {"fd", "map_files"};
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)pid);
	_cleanup_close_ int proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return 0;
	look_at_link(userdata, proc, "exe");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		_cleanup_closedir_ DIR *dir = directory_at(proc, folders[i]);
		struct dirent *e;

		while (dir && (e = readdir(dir)))
			look_at_link(userdata, dirfd(dir), e->d_name);
	}
	return 0;
}

bool recover_names(pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct search s = {.root = root};

	if (root >= 0)
		for_each_process(init, look_at_process, &s);
	return s.removed > 0;
}
