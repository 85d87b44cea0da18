/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_AWAIT_H
#define LXCCKPT_FLOW_AWAIT_H

/*
 * The caller's end of its socket to the monitor: receives reports, and may ask the monitor to undo
 * the restore.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "restorer/plan.h"
#include "util/error.h"

struct awaited {
	int fd;	       /* owned; -1: none */
	pid_t monitor; /* for messages */
	/* Whether to cancel: called now and then, and after each signal. NULL: never */
	bool (*cancelled)(void *userdata);
	/* Once, when it is too late for that; NULL: not called */
	void (*committed)(void *userdata);
	void *userdata;

	char *text; /* received and not returned yet */
	size_t len;
	bool too_late;
	bool given_up;	  /* nobody waits for the monitor any more: it continues by itself */
	int64_t deadline; /* the monitor was asked to cancel, and has until then; 0: not asked */
};

void awaited_clear(struct awaited *a);

/*
 * Waits for the next report, and passes on the error of a failure. -EPIPE: the monitor has exited
 * without one. given_up: the monitor was asked to undo the restore, and has not finished within
 * seconds: it continues to undo, and nothing of the container will run.
 */
int await_report(struct awaited *a, struct restore_report *ret, struct error **reterr) _must_check_;

#endif
