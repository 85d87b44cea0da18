/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_NOTES_H
#define LXCCKPT_RESTORER_NOTES_H

/* Notes of the monitor, for the recovery after it was killed. */

#include <stdbool.h>

#include "lock/record.h"

struct restore;

struct notes {
	int lock_fd;	      /* the operation's, shared with CRIU; -1 once the restore is over */
	char *lock_name;      /* the lock's file name; NULL: nothing can be written down */
	struct record record; /* the operation's, which the monitor adds to */
	bool links_noted;     /* there is a record of the running container's links */
};

/* Takes over the operation's record from the command. */
void notes_begin(struct restore *r);

/* Notes that this monitor restores, and what it makes; number 0: CRIU is about to make the link. */
void notes_write(const struct restore *r);
void notes_add_cgroup(struct restore *r, const char *path);
void notes_add_link(struct restore *r, const char *name, unsigned int number);

/* The container's links, for as long as it runs; and when they are deleted. */
void notes_restored(struct restore *r);
void notes_links_gone(struct restore *r);

/* The restore is over, however it went: another operation on the container may begin. */
void notes_end(struct restore *r);

#endif
