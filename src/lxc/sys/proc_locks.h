/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_PROC_LOCKS_H
#define LXCCKPT_SYS_PROC_LOCKS_H

/* The file locks of this host, as /proc/locks lists them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum lock_kind { LOCK_FLOCK, LOCK_RANGE /* POSIX's, and those of an open file */, LOCK_LEASE };

struct proc_lock {
	uint64_t number; /* one that waits has that of the one it waits for, which stands before it
			  */
	bool waits;
	enum lock_kind kind;
	bool write;
	pid_t pid; /* the process that took it, in our PID namespace; 0 or -1: unknown */
	dev_t dev; /* of the filesystem; differs from stat() with btrfs */
	uint64_t inode;
	uint64_t start, end; /* bytes, both included */
};

struct proc_locks {
	struct proc_lock *v;
	size_t n;
};

/* Reads /proc/locks; empty if that is unreadable. */
void proc_locks_read(struct proc_locks *ret);

/* Pure. Ignores lines of another form. */
void proc_locks_parse(char *text, struct proc_locks *ret);

/* Pure. Whether the two exclude each other. */
bool proc_lock_conflicts(const struct proc_lock *a, const struct proc_lock *b);

/* The lock for which a waiting one in l waits; NULL: unknown. */
const struct proc_lock *proc_locks_holder(const struct proc_locks *l,
					  const struct proc_lock *waiting);

/* "process 123 (name)", fit for a terminal. Caller frees. */
char *proc_lock_who(const struct proc_lock *l);

/* The device number that /proc/locks gives the filesystem of the file; 0: unknown. */
dev_t proc_locks_device(int fd);

void proc_locks_clear(struct proc_locks *l);
#define _cleanup_proc_locks_ __attribute__((cleanup(proc_locks_clear)))

#endif
