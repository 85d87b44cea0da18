/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_HOOKS_H
#define LXCCKPT_RESTORER_HOOKS_H

/* Runs the configuration's hooks and scripts that run on the host, at start and stop. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "util/error.h"

struct restore;

#define N_NAMESPACES 8

struct hooks_stage {
	bool begun;		  /* pre-start hooks have run: those of the end are due */
	struct timespec began;	  /* before that, by the clock of the files' times */
	size_t n_scripts_up;	  /* of the interfaces' scripts, the first so many */
	int ns_fds[N_NAMESPACES]; /* the container's, for hooks at its end; -1: none */
};

int pre_start_begin(struct restore *r, struct error **reterr) _must_check_;
void stop_hooks_undo(struct restore *r);
void post_stop_undo(struct restore *r);

/* script.up and start-host; when all of the container is there, and nothing in it runs. */
int hooks_before_run(struct restore *r, pid_t init, struct error **reterr) _must_check_;
void scripts_down(struct restore *r);

/* Has the container's namespaces outlive it. */
void namespaces_keep(struct restore *r);

/* after_hooks.c: what the command could not look at before the hooks ran. */
int made_begin(struct restore *r, struct error **reterr) _must_check_;

#endif
