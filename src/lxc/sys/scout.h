/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_SCOUT_H
#define LXCCKPT_SYS_SCOUT_H

/*
 * A path of a container's may lead through a filesystem that is served by a process
 * of the container (FUSE), and who waits for an answer there cannot even be killed.
 * So a child goes first: struct scout s = {.limit = SCOUT_LIMIT}. It is started when it is needed,
 * and given up, once for all, when its answers take too long.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct scout {
	pid_t pid;  /* 0: not started */
	int socket; /* to the child */
	bool lost;  /* it did not answer */
	int limit;  /* milliseconds, for all answers together, beyond what each may take */
	int64_t waited_us, free_us;
	struct scout_shared *shared; /* with the child: what it has read */
};

#define SCOUT_LIMIT 5000

/*
 * Opens a path as the process pid sees it; no link is followed. A descriptor, or -errno:
 * -ETIMEDOUT where there was no answer, now or earlier.
 */
int scout_open(struct scout *s, pid_t pid, const char *path, int flags);

/* The type of the filesystem that a path of our own leads to, as of statfs(). 0 or -errno. */
int scout_filesystem(struct scout *s, const char *path, long *ret);

/* What the kernel knows of a file, as stat_without_sync(), by a path of our own. 0 or -errno. */
int scout_stat(struct scout *s, const char *path, struct stat *ret);

/* Without the newline, and without a NUL in its place. May ask the scout. false: it is enough. */
typedef bool (*scout_line_fn)(const char *line, size_t len, void *userdata);

/*
 * Reads a file of any length, which may be in /proc, line by line. 0 or -errno; -EFBIG at a
 * line of a MiB.
 */
int scout_read_lines(struct scout *s, const char *path, scout_line_fn fn, void *userdata);

void scout_end(struct scout *s);
#define _cleanup_scout_ __attribute__((cleanup(scout_end)))

/* What the kernel knows of an open file without asking whoever serves it. 0 or -errno. */
int stat_without_sync(int fd, struct stat *ret);

/* What to do where there was no answer. */
#define SCOUT_HINT                                                                                 \
	"a filesystem on the path does not answer (FUSE, NFS): unmount it in the "                 \
	"container, or stop the process that serves it"

#endif
