/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_DISPATCH_H
#define LXCCKPT_SYS_DISPATCH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a thread of the process has its system calls sent back to it (Syscall User Dispatch).
 * Each thread is stopped for a moment, as a tracer does it, and goes on as it was. false
 * where the kernel does not tell (before Linux 6.4), or where somebody traces it.
 * left_ms: what all of them may take together; what this one took is taken off.
 */
bool dispatch_is_on(pid_t pid, int *left_ms);

#endif
