/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SCROLLBACK_SAVE_H
#define LXCCKPT_CARRY_SCROLLBACK_SAVE_H

/*
 * What the monitor of a running container has in its console's buffer. liblxc's
 * console_log() is not used: it takes what it reads out of the buffer, and fails
 * where the answer comes in more than one piece.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * *ret is NULL where there is nothing, or nothing that can be had: LXC's monitor
 * gives its buffer only away, which it is asked to where take is true. Ours keeps it
 * in either case. Caller frees.
 */
void scrollback_read(const char *lxcpath, const char *name, bool take, char **ret, size_t *ret_len);

/* The buffer is empty afterwards. */
void scrollback_clear(const char *lxcpath, const char *name);

#endif
