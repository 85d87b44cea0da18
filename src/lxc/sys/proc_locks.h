/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_PROC_LOCKS_H
#define LXCCKPT_SYS_PROC_LOCKS_H

/* The locks on files that this host knows of, as /proc/locks lists them. */

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
	pid_t pid; /* of who took it, as it is seen here; 0 or -1: not known */
	dev_t dev; /* of the filesystem, which is not stat()'s with btrfs */
	uint64_t inode;
	uint64_t start, end; /* bytes, both included */
};

struct proc_locks {
	struct proc_lock *v;
	size_t n;
};

/* Of /proc/locks; nothing where that cannot be read. */
void proc_locks_read(struct proc_locks *ret);

/* Pure. Lines of another form are left out. */
void proc_locks_parse(char *text, struct proc_locks *ret);

/* Pure. Whether there cannot be both. */
bool proc_lock_conflicts(const struct proc_lock *a, const struct proc_lock *b);

/* The lock that a waiting one, which is in l, waits for; NULL: not known. */
const struct proc_lock *proc_locks_holder(const struct proc_locks *l,
					  const struct proc_lock *waiting);

/* "process 123 (name)", fit for a terminal. Caller frees. */
char *proc_lock_who(const struct proc_lock *l);

/* The number by which /proc/locks knows the filesystem of the file; 0: not known. */
dev_t proc_locks_device(int fd);

void proc_locks_clear(struct proc_locks *l);
#define _cleanup_proc_locks_ __attribute__((cleanup(proc_locks_clear)))

#endif
