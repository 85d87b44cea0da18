/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_CALLS_H
#define LXCCKPT_CRIU_IMAGE_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * CRIU lets a system call that the kernel would go on with after a stop signal (restart_syscall)
 * fail with EINTR in the restored process, which no stop signal does: `tail -f` ends then. Where
 * the same call can simply be made once more, the image is changed so that the process does:
 * poll() and ppoll() that wait without a limit, and nanosleep() and clock_nanosleep() that were
 * to leave what remains where they have the time from, as sleep() does.
 */

/* Pure. Changes the text of a core-*.img in place; true: it has. */
bool criu_calls_restart(void *core, size_t len);

#endif
