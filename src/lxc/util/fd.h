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

/* Writes all of buf, despite EINTR and short writes. Returns 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);

/*
 * Reads up to the end of file, at most max bytes (-EFBIG beyond that), as a heap string with a NUL
 * at the end. Returns the length or -errno.
 */
ssize_t read_all(int fd, size_t max, char **ret);

/* The same for a file below dirfd (may be AT_FDCWD). */
ssize_t read_file_at(int dirfd, const char *path, size_t max, char **ret);

/* Writes a string to an existing file (in /proc or a cgroup). Returns 0 or -errno. */
int write_file_at(int dirfd, const char *path, const char *text);

/* Opens a stream of a directory below dirfd; refuses a symlink in its place. NULL with errno. */
DIR *directory_at(int dirfd, const char *path);

/*
 * Opens a path in another root, a container's, close-on-exec. Follows no symlink, because one that
 * the container made must not lead outside. -1 with errno.
 */
int open_in_root(int root, const char *path, int flags);

/* The same for a path on root's own mount; -1 with EXDEV if another mount is in the way. */
int open_in_mount(int root, const char *path, int flags);

/* Opens a path in which no component may be a symbolic link: -1 with ELOOP if one is. */
int open_without_links(const char *path, int flags);

/*
 * Moves a descriptor that is 0, 1 or 2 above 2. A host program may have closed its standard
 * descriptors, and a child that sets up its own would overwrite ours. Returns 0 or -errno; *fd
 * stays valid.
 */
int fd_above_standard(int *fd);

/*
 * dup2() to the descriptor that a program expects at target, also if fd already is target. Returns
 * 0 or -errno.
 */
int fd_place(int fd, int target);

int fd_set_cloexec(int fd, bool on);

#endif
