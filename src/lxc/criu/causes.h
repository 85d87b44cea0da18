/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_CAUSES_H
#define LXCCKPT_CRIU_CAUSES_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a log, which nothing ends. */
struct span {
	const char *p;
	size_t len;
};

/* Explains the message of a log line. Pure. */
bool criu_is_noise(struct span text);	  /* an error that never is the cause */
bool criu_is_beginning(struct span text); /* what was before it was a probe of the kernel */
bool criu_is_passing(struct span text);	  /* of what is there for a moment: try again */

bool criu_is_racing(struct span text); /* of processes that came and went: freeze them, try again */

bool criu_is_name_taken(struct span text); /* of what a checkpoint that was killed may have left */

/* The remedy; NULL if none is known. */
const char *criu_known_hint(struct span text);

#endif
