/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_HELD_TERMINALS_H
#define LXCCKPT_SYS_HELD_TERMINALS_H

/* The terminals that a process has open, and which of them it has open as /dev/tty. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct held_terminal {
	int fd;
	bool current;	  /* by the name /dev/tty */
	dev_t terminal;	  /* the one behind it, or one of the two below */
	dev_t filesystem; /* its file's: a second devpts has terminals of the same numbers */
	int flags;	  /* O_RDWR, O_NONBLOCK, ..., O_CLOEXEC */
};

#define TERMINAL_HUNG_UP ((dev_t)0)    /* as good as any other that is hung up */
#define TERMINAL_UNKNOWN ((dev_t) - 1) /* of a descriptor by which nothing can be done (O_PATH) */

/*
 * Lists those that a process has open. The process runs, and may change them
 * meanwhile. Caller frees *ret. Returns 0 or -errno.
 */
int held_terminals(pid_t pid, int pidfd, struct held_terminal **ret, size_t *ret_n);

/*
 * Pure. The one that can take the place of one that is "current": the process can do the same with
 * it. NULL: there is none, or it is not certain which.
 */
const struct held_terminal *held_terminal_equal(const struct held_terminal *v, size_t n,
						const struct held_terminal *current);

#endif
