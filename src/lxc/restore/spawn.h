/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORE_SPAWN_H
#define LXCCKPT_RESTORE_SPAWN_H

/* The library's side of a restore: check, plan, start the monitor, hear what came of it. */

#include <lxc/lxccontainer.h>

#include "util/error.h"

struct restore_options {
	const char *directory; /* absolute or not; never NULL */
	bool foreground;
	unsigned int verbosity; /* CRIU's; 0: CRIU_VERBOSITY */
	const char *action_script;
};

/* *ret_status: foreground only, waitpid()'s status of the container's init. NULL is fine. */
int restore_container(struct lxc_container *c, const struct restore_options *o, int *ret_status,
		      struct error **reterr);

#endif
