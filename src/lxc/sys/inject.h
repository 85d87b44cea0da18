/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_INJECT_H
#define LXCCKPT_SYS_INJECT_H

#include <sys/types.h>

#define INJECT_ARGS 5

/*
 * Has a process make a system call while it waits in one of its own, which it then goes on
 * with: for what the kernel only does for that very process. Nothing of its memory is written,
 * and a seccomp filter of its does not see the call. To be called in a process that has nothing
 * else to wait for. The call's result is *ret.
 *
 * pidfd is the process's too: nothing is done to one that has got its number since.
 *
 * -EBUSY: it did not wait in a call for a second; -ETIMEDOUT: it is frozen; -EPERM: somebody
 * else traces it; -EBADMSG: the kernel's code in it was changed; -EOPNOTSUPP: on this
 * architecture, or with such a process, it cannot be done; -ESRCH: it ended.
 */
int inject_call(pid_t pid, int pidfd, long number, const unsigned long args[INJECT_ARGS],
		long *ret);

#endif
