/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_RESTORE_H
#define LXCCKPT_FLOW_RESTORE_H

/* The library's side of a restore: check, plan, start the monitor, hear what came of it. */

#include <lxc/lxccontainer.h>

#include "preflight/findings.h"
#include "util/error.h"

/* How lxc-start's monitor shows itself, and so a restored container's: people look for it in ps. */
#define MONITOR_TITLE "[lxc monitor] "

struct restore_options {
	const char *directory; /* absolute or not; never NULL */
	bool foreground;
	unsigned int verbosity; /* CRIU's; 0: CRIU_VERBOSITY */
	const char *action_script;
	bool no_verify; /* do not read all of the image first, to see whether it is as it was */
	const char *log_file; /* the monitor's; NULL: as the configuration has it */
	const char *log_level;
	const char *force; /* see findings_force() */
	/* what the restore goes on with all the same, and notes; NULL: not told */
	void (*found)(const struct finding *f, void *userdata);
	/* whether to take it back, until committed is called; NULL: never */
	bool (*cancelled)(void *userdata);
	void (*committed)(void *userdata); /* NULL: not called */
	void *userdata;
};

/* *ret_status: foreground only, waitpid()'s status of the container's init. NULL is fine. */
int restore_container(struct lxc_container *c, const struct restore_options *o, int *ret_status,
		      struct error **reterr);

#endif
