/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_CALLER_H
#define LXCCKPT_RESTORER_CALLER_H

/* What is said to the command that has begun the restore, and what it says. */

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

/* Whether the caller wants it taken back. It is, or is not, from when this has been asked. */
bool caller_takes_back(struct restore *r);

/* From here on it is not, and the caller is told so. Doing it again is harmless. */
void caller_commit(struct restore *r);

/* Of a restore that is taken back that is why it fails, whatever went wrong meanwhile. */
int caller_explain(const struct restore *r, int e, struct error **reterr);

#endif
