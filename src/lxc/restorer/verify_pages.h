/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_VERIFY_PAGES_H
#define LXCCKPT_RESTORER_VERIFY_PAGES_H

/* The image's large files of pages are verified while CRIU restores from them. */

#include <sys/types.h>

#include "util/error.h"

struct restore;

struct pages_stage {
	pid_t child; /* of pages_verify(); 0: none */
	int said_fd; /* ... and what it says; -1: nothing */
};

/* Begins it, in a process of its own. */
int pages_verify(struct restore *r, struct error **reterr) _must_check_;

/*
 * Waits for its end, if it was begun: 0, or why nothing of the container may run. One who wants
 * the restore taken back, or the container stopped, is heard meanwhile (-ECANCELED).
 */
int pages_verified(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* Ends it: the restore has failed. */
void pages_forget(struct restore *r);

#endif
