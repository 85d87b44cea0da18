/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_PROCESSES_H
#define LXCCKPT_RESTORER_PROCESSES_H

/* CRIU's restore, and the container's init. */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "util/error.h"

struct restore;

struct processes_stage {
	time_t locks_looked, locks_waiting; /* see locks_watch() */
	pid_t locks_pid;		    /* ... who waits; 0: nobody */
	int locks_fd;
	pid_t half_made_init;  /* as CRIU has named it; 0: not yet */
	bool unlocked;	       /* CRIU has come to one of its last moments */
	bool completed;	       /* what is to be done at pre-resume has been done */
	bool let_go;	       /* by CRIU, or CRIU has ended */
	int held_fd;	       /* of the frozen cgroup, see processes_hold(); -1: not held */
	struct error *refusal; /* a hook's, or another that forbids that the container runs */

	pid_t init_pid;
	int init_pidfd;
	unsigned int clone_flags;
	int devpts_fd;
};

int processes_begin(struct restore *r, struct error **reterr) _must_check_;
void processes_undo(struct restore *r);

/* Between them CRIU detaches from the processes, and none of them runs. */
int processes_hold(struct restore *r, pid_t init, struct error **reterr) _must_check_;
int processes_let_go(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* Opens /dev/pts before any process runs that could mount a filesystem that does not answer. */
int devpts_open(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* Ends a wait for a lock that somebody else has; lock_wait.c. */
int locks_watch(struct restore *r, struct error **reterr) _must_check_;

#endif
