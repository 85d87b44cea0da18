/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_UNIX_LISTENERS_SAVE_H
#define LXCCKPT_CARRY_UNIX_LISTENERS_SAVE_H

/* Listening Unix sockets at a dump: the thread that reads all sockets finds them. */

#include <stdbool.h>

#include "carry/unix_listeners.h"
#include "carry/table_save.h"

/*
 * Whether fd is a Unix socket that listens. *ret has the IDs as the host sees them, the process
 * that listens too.
 */
bool listener_read(int fd, struct listener *ret);

/* Writes those that CRIU makes otherwise. */
int listeners_write(struct saving *s, const struct listeners *found,
		    struct error **reterr) _must_check_;

#endif
