/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_INJECT_H
#define LXCCKPT_SYS_INJECT_H

#include <sys/types.h>

#define INJECT_ARGS 5

/*
 * Makes a process execute a system call while it waits in one of its own, which it then continues:
 * for what the kernel does only for the process itself. Writes nothing to the memory of the
 * process, and a seccomp filter does not see the call. Call it in a process that waits for nothing
 * else. *ret receives the result of the call.
 *
 * pidfd must be that of the process: a process that has got its PID since is left alone.
 *
 * -EBUSY: it did not wait in a call within a second; -ETIMEDOUT: it is frozen; -EPERM: another
 * process traces it; -EBADMSG: the kernel's code in it was changed; -EOPNOTSUPP: not possible on
 * this architecture or with this process; -ESRCH: it has exited.
 */
int inject_call(pid_t pid, int pidfd, long number, const unsigned long args[INJECT_ARGS],
		long *ret);

#endif
