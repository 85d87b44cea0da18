/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_AWAIT_H
#define LXCCKPT_FLOW_AWAIT_H

/*
 * The caller's end of its socket to the monitor: hears reports, and may have the monitor take the
 * restore back.
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
	/* Whether to take it back: asked now and then, and after each signal. NULL: never */
	bool (*cancelled)(void *userdata);
	/* Once, when it is too late for that; NULL: not called */
	void (*committed)(void *userdata);
	void *userdata;

	char *text; /* what has come and was not handed out */
	size_t len;
	bool too_late;
	bool given_up;	  /* nobody waits for the monitor any more: it goes on by itself */
	int64_t deadline; /* the monitor has been asked, and is waited for until then; 0: no */
};

void awaited_clear(struct awaited *a);

/*
 * Waits for the next report; a failure's error is handed on. -EPIPE: the monitor has ended
 * without one. given_up: it was asked to take the restore back, and has not got through with
 * that within seconds: it goes on with it, and nothing of the container will run.
 */
int await_report(struct awaited *a, struct restore_report *ret, struct error **reterr);

#endif
