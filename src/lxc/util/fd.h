/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_FD_H
#define LXCCKPT_UTIL_FD_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_close_ __attribute__((cleanup(closep)))

static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}
#define _cleanup_closedir_ __attribute__((cleanup(closedirp)))

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		taken_;                                                                            \
	})

static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* All of buf, over EINTR and short writes. 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);

/*
 * Everything up to end of file, at most max bytes (-EFBIG past that), as a heap
 * string with a NUL behind it. Returns the length or -errno.
 */
ssize_t read_all(int fd, size_t max, char **ret);

/* The same for a file below dirfd (AT_FDCWD is fine). */
ssize_t read_file_at(int dirfd, const char *path, size_t max, char **ret);

/* Writes a string to an existing file (a /proc or cgroup file). 0 or -errno. */
int write_file_at(int dirfd, const char *path, const char *text);

/* A stream of a directory below dirfd; a symlink in its place is not followed. NULL with errno. */
DIR *directory_at(int dirfd, const char *path);

/*
 * Opens a path of another root, a container's, close-on-exec. No symlink is
 * followed: what the container has put in the way must not lead outside.
 * -1 with errno.
 */
int open_in_root(int root, const char *path, int flags);

/* The same of a path that is on root's own mount, or -1 with EXDEV: another is in the way. */
int open_in_mount(int root, const char *path, int flags);

/* A path in which no component may be a symbolic link: -1 with ELOOP where one is. */
int open_without_links(const char *path, int flags);

/*
 * Moves a descriptor that is 0, 1 or 2 above those. A host program may have
 * closed its standard ones, and whatever is put there is lost when a child
 * gets its own. 0 or -errno; *fd stays valid.
 */
int fd_above_standard(int *fd);

/* dup2() for what an exec shall find at target, also where fd is that already. 0 or -errno. */
int fd_place(int fd, int target);

int fd_set_cloexec(int fd, bool on);

#endif
