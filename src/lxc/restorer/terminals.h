/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_TERMINALS_H
#define LXCCKPT_RESTORER_TERMINALS_H

/* The container's terminals, whose masters the monitor holds. */

#include <stddef.h>

#include "criu/argv.h"
#include "monitor/monitor.h"
#include "util/error.h"

struct restore;

struct terminals_stage {
	struct terminal console;
	struct terminal *ttys; /* tty 1 ... n_ttys */
	size_t n_ttys;
	struct terminal *others; /* terminals that are no console and no tty<n> */
	size_t n_others;
	int console_peer;     /* the host's terminal that lxc.console.path names; -1: none */
	struct tty_end *ends; /* one per facts' tty; borrows from the above, and from mounts */
};

int terminals_begin(struct restore *r, struct error **reterr) _must_check_;
void terminals_undo(struct restore *r);

#endif
