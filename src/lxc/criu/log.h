/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_LOG_H
#define LXCCKPT_CRIU_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/mem.h"

/*
 * CRIU's log -> what a person needs of it. Pure text work on untrusted input:
 * the log may be cut off anywhere and hold any byte.
 */
struct criu_cause {
	char *lines;	/* the decisive lines, '\n' between them, control characters replaced; "" if
			   none */
	char *hint;	/* what to do, from the table of known causes; NULL if unknown */
	bool passing;	/* it is of a kind that is there for a moment: try again */
	bool racing;	/* processes came and went faster than they could be stopped */
	bool timed_out; /* the processes had not stopped in time ... */
	pid_t waited_for; /* ... and this one it waited for then; 0: it does not say */
};

/* text need not be NUL-terminated. Caller frees with criu_cause_clear(). */
void criu_log_cause(const char *text, size_t len, struct criu_cause *ret);
void criu_cause_clear(struct criu_cause *c);

/*
 * Adds how the action script has failed at stages at which CRIU goes on all the same, a line each:
 * "exited with status 7 at network-unlock: what it said". text is the log of a run that succeeded.
 */
void criu_log_script_failures(const char *text, size_t len, const char *script, struct strv *ret);

#endif
