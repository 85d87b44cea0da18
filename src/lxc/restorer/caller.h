/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_CALLER_H
#define LXCCKPT_RESTORER_CALLER_H

/* The conversation with the command that has begun the restore. */

#include <stdbool.h>

#include "restorer/plan.h"
#include "util/error.h"

struct restore;

struct caller {
	int fd; /* the command's, see plan.h; -1: it has no more to be told */
	enum {
		FATE_OPEN,
		FATE_TAKEN_BACK, /* the caller has asked for that: nothing of it will run */
		FATE_COMMITTED,	 /* whatever the caller says: it runs, or fails */
	} fate;
};

void caller_report(const struct restore *r, struct restore_report report);

/* Whether the caller has cancelled the restore. The answer is final if it is yes. */
bool caller_takes_back(struct restore *r);

/* Tells the caller that it can no longer cancel. Calling it again is harmless. */
void caller_commit(struct restore *r);

/* A cancelled restore fails because it was cancelled, whatever else failed meanwhile. */
int caller_explain(const struct restore *r, int e, struct error **reterr) _must_check_;

#endif
