/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_DISPATCH_H
#define LXCCKPT_SYS_DISPATCH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a thread of the process has its system calls sent back to it (Syscall User Dispatch).
 * Stops each thread for a moment, as a tracer does; the thread then continues unchanged. Returns
 * false if the kernel does not tell (before Linux 6.4), or if another process traces it. left_ms:
 * the time that all calls together may take; this call subtracts its own time.
 */
bool dispatch_is_on(pid_t pid, int *left_ms);

#endif
