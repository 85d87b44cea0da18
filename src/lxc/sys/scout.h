/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_SCOUT_H
#define LXCCKPT_SYS_SCOUT_H

/*
 * A path in a container may lead through a filesystem that a process of the container serves
 * (FUSE). A process that waits for an answer there cannot even be killed, so a child goes first:
 * struct scout s = {.limit = SCOUT_LIMIT}. The child starts when it is needed, and is abandoned for
 * good when its answers take too long.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct scout {
	pid_t pid;  /* 0: not started */
	int socket; /* to the child */
	bool lost;  /* the child did not answer */
	int limit;  /* milliseconds for all answers together, beyond the time that each may take */
	int64_t waited_us, free_us;
	struct scout_shared *shared; /* shared with the child: its results */
};

#define SCOUT_LIMIT 5000

/*
 * Opens a path as the process pid sees it, without following links. Returns a descriptor or -errno;
 * -ETIMEDOUT: no answer, now or earlier.
 */
int scout_open(struct scout *s, pid_t pid, const char *path, int flags);

/*
 * Copies a descriptor of a process, if it is a file of that type (S_IFSOCK) with that inode. The
 * process may have opened another file there, and closing a copy of a file of FUSE waits for its
 * server. Returns a descriptor or -errno; -ESTALE: it is another file; -ETIMEDOUT: see
 * scout_open().
 */
int scout_copy(struct scout *s, pid_t pid, int number, mode_t type, ino_t inode);

/* The filesystem type of a path of our own, as of statfs(). Returns 0 or -errno. */
int scout_filesystem(struct scout *s, const char *path, long *ret);

/* stat_without_sync() of a path of our own. Returns 0 or -errno. */
int scout_stat(struct scout *s, const char *path, struct stat *ret);

/* Gets a line without its newline, NUL-terminated. May use the scout. Return false to stop. */
typedef bool (*scout_line_fn)(const char *line, size_t len, void *userdata);

/*
 * Reads a file of any length, possibly in /proc, line by line. Returns 0 or -errno; -EFBIG: a line
 * has a MiB.
 */
int scout_read_lines(struct scout *s, const char *path, scout_line_fn fn, void *userdata);

void scout_end(struct scout *s);
#define _cleanup_scout_ __attribute__((cleanup(scout_end)))

/*
 * stat() of an open file from the kernel's cache, without asking the server of its filesystem.
 * Returns 0 or -errno.
 */
int stat_without_sync(int fd, struct stat *ret);

/* The hint if there was no answer. */
#define SCOUT_HINT                                                                                 \
	"a filesystem on the path does not answer (FUSE, NFS): unmount it in the "                 \
	"container, or stop the process that serves it"

#endif
