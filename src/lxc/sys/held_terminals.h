/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_HELD_TERMINALS_H
#define LXCCKPT_SYS_HELD_TERMINALS_H

/* The terminals that a process has open, and which of them it has open as /dev/tty. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct held_terminal {
	int fd;
	bool current;	/* by the name /dev/tty */
	dev_t terminal; /* the number of the one behind it, or one of the two below */
	int flags;	/* O_RDWR, O_NONBLOCK, ..., O_CLOEXEC */
	bool watched;	/* current, and in an epoll, which would forget it */
};

#define TERMINAL_HUNG_UP ((dev_t)0)    /* as good as any other that is hung up */
#define TERMINAL_UNKNOWN ((dev_t) - 1) /* of a descriptor by which nothing can be done (O_PATH) */

/*
 * Lists those that a process has open. The process runs, and may change them meanwhile. Caller
 * frees *ret. Returns 0 or -errno; -E2BIG: it has more than anybody needs.
 */
int held_terminals(pid_t pid, int pidfd, struct held_terminal **ret, size_t *ret_n);

/*
 * Whether descriptors of two processes are of one terminal. Their numbers do not tell: each devpts,
 * the host's and the container's, has terminals of the same ones. A change to the one is looked for
 * in the other, and taken back. false also if the kernel does not allow that.
 */
bool held_terminals_are_one(int pidfd, int fd, int other_pidfd, int other_fd);

/*
 * The one that can take the place of one that is "current": it is the same terminal, and the
 * process can do the same with it. NULL: there is none.
 */
const struct held_terminal *held_terminal_equal(int pidfd, const struct held_terminal *v, size_t n,
						const struct held_terminal *current);

#endif
