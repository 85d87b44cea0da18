/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_ACTION_SCRIPT_H
#define LXCCKPT_FLOW_ACTION_SCRIPT_H

#include <lxc/lxccontainer.h>

#include "preflight/findings.h"

/* A run of CRIU that succeeded, and the user's script that it called. */
struct script_run {
	int image_fd;						/* the image directory */
	const char *log;					/* CRIU's, in it */
	const char *script;					/* NULL: there was none */
	const char *lxc_log;					/* as lxclog_finding() takes it */
	void (*found)(const struct finding *f, void *userdata); /* NULL: not called */
	void *userdata;
};

/*
 * CRIU goes on when a script fails at network-unlock, pre-resume or post-resume. Tells each such
 * failure as a warning, to found and in LXC's log.
 */
void action_script_tell(struct lxc_container *c, const struct script_run *run);

#endif
