/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_STANDING_SAVE_H
#define LXCCKPT_CARRY_STANDING_SAVE_H

/*
 * One walk over the threads of a container that CRIU has stopped, for all kinds of state that read
 * something of each: EACH() in carry/kinds.inc.
 */

#include <stdbool.h>
#include <sys/types.h>

struct saving;
struct standing_walk;

struct standing {
	const struct standing_walk *walk;
	pid_t pid, tid; /* on the host; equal at the first thread of a process */

	/* see standing_inner_id() */
	bool asked;
	pid_t inner;
};

/* Whether the dump has failed, so that nobody wants to know any more. */
bool standing_is_over(const struct standing *t);

/*
 * The thread in the container; 0: there is none. Few threads have something to be saved, so this is
 * read when the first kind asks.
 */
pid_t standing_inner_id(struct standing *t);

/*
 * Starts the walk in a thread of its own, beside CRIU. Until standing_join() what the kinds find
 * belongs to that thread.
 */
void standing_begin(struct saving *s);
void standing_join(struct saving *s);

/* The same, without a wait for the rest of the walk. */
void standing_end(struct saving *s);

#endif
