/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_OPERATION_H
#define LXCCKPT_LOCK_OPERATION_H

/*
 * One operation on a container at a time, in whatever image directories, and by whatever path the
 * container is named. The lock is a file in the runtime directory. CRIU and a restore's monitor
 * hold it too, so that it lasts as long as something works on the container. A record beside the
 * lock (record.h) says who began, which network is detached meanwhile, in which cgroups a restore
 * is and what links it makes. If all who knew are killed, the next operation on the container mends
 * that before it does anything else.
 */

#include <lxc/lxccontainer.h>

#include "lock/record.h"
#include "util/error.h"

struct operation {
	int fd;	    /* >= 3; the lock; -1: none */
	char *name; /* its file's, in the runtime directory */
	struct record record;
};

/*
 * Refuses when another is under way, and says who it is. One whose command was killed is
 * waited for, since what that has left ends soon. place: see container_place(). what: "a
 * checkpoint", "a restore".
 */
int operation_begin(struct lxc_container *c, const char *place, const char *what,
		    struct operation *ret, struct error **reterr);

/*
 * Refuses as operation_begin() does when another is under way; waits for nothing, makes nothing
 * and mends nothing.
 */
int operation_look(struct lxc_container *c, const char *place, struct error **reterr);

/*
 * Which container it is about: init, in this life of it. What the record says is put back in that
 * one alone. cgroup: the directory that CRIU freezes, to be thawed; NULL: none. In force with
 * operation_set_network().
 */
void operation_about(struct operation *op, pid_t init, const char *cgroup);

/* Writes down the network that is to be put back: those of these links that are on a bridge. */
int operation_set_network(struct operation *op, const struct nic *nics, size_t n_nics,
			  struct error **reterr);

/*
 * Writes down the links of a container that runs, for the day when its monitor is killed. A monitor
 * of ours has done that already.
 */
void operation_note_links(const struct operation *op, pid_t monitor, const struct nic *nics,
			  size_t n_nics);

/*
 * When others who hold the lock may have been killed, as a restore's monitor: waits until the
 * last has let go of it, and mends what they left. The operation goes on.
 */
int operation_regain(struct lxc_container *c, struct operation *op, struct error **reterr);

void operation_end(struct operation *op);

/* The same where another process still works at it: what to put back stays in the file. */
void operation_leave(struct operation *op);

#endif
