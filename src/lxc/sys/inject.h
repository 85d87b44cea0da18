/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_INJECT_H
#define LXCCKPT_SYS_INJECT_H

#include <sys/types.h>

#define INJECT_ARGS 5 /* a sixth one is 0 */

/*
 * Makes a process execute system calls, and then continue as if nothing had happened: for what the
 * kernel does only for the process itself. It is interrupted in a call in which it waits, or
 * between two instructions; one that job control has stopped stays stopped. Writes nothing to the
 * memory of the process, and a seccomp filter does not see the calls. Call these in a process that
 * waits for nothing else.
 */
struct injection;

/*
 * Makes one call. *ret receives its result. -EAGAIN is not returned: if a signal comes first, the
 * process handles it, and executes the call later.
 */
int inject_now(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret);

/*
 * The same for a call that depends on what the process has. -EAGAIN: the call was not made; the
 * process ran meanwhile and is held again, so that one has to look again.
 */
int inject_try(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret);

/*
 * Holds a process while fn makes calls. Returns what fn returns.
 *
 * pidfd must be that of the process: a process that has got its PID since is left alone.
 *
 * -EBUSY: it could not be held within a second; -ETIMEDOUT: it is frozen; -EPERM: another process
 * traces it; -EBADMSG: the kernel's code in it was changed; -EOPNOTSUPP: not possible on this
 * architecture or with this process; -ESRCH: it has exited.
 */
typedef int inject_fn(struct injection *t, void *userdata);
int inject(pid_t pid, int pidfd, inject_fn *fn, void *userdata);

/* Makes a single call. */
int inject_call(pid_t pid, int pidfd, long number, const unsigned long args[INJECT_ARGS],
		long *ret);

/* Describes a negative result, for a message. */
const char *inject_failure(int r);

#endif
