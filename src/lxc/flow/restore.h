/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_RESTORE_H
#define LXCCKPT_FLOW_RESTORE_H

/*
 * The library's half of a restore: checks, makes the plan, starts the monitor, and receives the
 * outcome.
 */

#include <lxc/lxccontainer.h>

#include "preflight/findings.h"
#include "util/error.h"

/* The title of lxc-start's monitor in ps, which a restored container's uses too. */
#define MONITOR_TITLE "[lxc monitor] "

struct restore_options {
	const char *directory; /* absolute or not; never NULL */
	bool foreground;
	unsigned int verbosity; /* CRIU's; 0: CRIU_VERBOSITY */
	const char *action_script;
	bool no_verify;	      /* do not compare the image with its checksums first */
	const char *log_file; /* the monitor's; NULL: as the configuration has it */
	const char *log_level;
	const char *force; /* see findings_force() */
	/* findings that do not block; NULL: not called */
	void (*found)(const struct finding *f, void *userdata);
	/* whether to cancel, until committed is called; NULL: never */
	bool (*cancelled)(void *userdata);
	void (*committed)(void *userdata); /* NULL: not called */
	void *userdata;
};

/* *ret_status: foreground only, waitpid()'s status of the container's init. NULL is fine. */
int restore_container(struct lxc_container *c, const struct restore_options *o, int *ret_status,
		      struct error **reterr) _must_check_;

#endif
