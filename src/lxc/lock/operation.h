/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_OPERATION_H
#define LXCCKPT_LOCK_OPERATION_H

/*
 * One operation on a container at a time, in any image directory, and by any path of the container.
 * The lock is a file in the runtime directory. CRIU and a restore's monitor hold it too, so it
 * lasts as long as anything works on the container. A record beside the lock (record.h) says who
 * began, which network is detached meanwhile, in which cgroups a restore is, and what links it
 * makes. If all processes that know are killed, the next operation on the container first repairs
 * what they left.
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
 * Refuses if another operation is running, and names it. Waits for one whose command was killed,
 * because its remains exit soon. place: see container_place(). what: "a checkpoint", "a restore".
 */
int operation_begin(struct lxc_container *c, const char *place, const char *what,
		    struct operation *ret, struct error **reterr) _must_check_;

/* Refuses as operation_begin() does; waits for nothing, makes nothing and repairs nothing. */
int operation_look(struct lxc_container *c, const char *place, struct error **reterr) _must_check_;

/*
 * Records the container: init, in this life of it. What the record says is put back only in that
 * life. cgroup: the directory that CRIU freezes, to be thawed; NULL: none. Takes effect with
 * operation_set_network().
 */
void operation_about(struct operation *op, pid_t init, const char *cgroup);

/* Records the network to be reattached: those of these links that are on a bridge. */
int operation_set_network(struct operation *op, const struct nic *nics, size_t n_nics,
			  struct error **reterr) _must_check_;

/*
 * Records the links of a running container, in case its monitor is killed. A monitor of ours has
 * done that already.
 */
void operation_note_links(const struct operation *op, pid_t monitor, const struct nic *nics,
			  size_t n_nics);

/*
 * For when other holders of the lock may have been killed, such as a restore's monitor: waits until
 * the last has released it, and repairs what they left. The operation continues.
 */
int operation_regain(struct lxc_container *c, struct operation *op,
		     struct error **reterr) _must_check_;

void operation_end(struct operation *op);

/* The same if another process still works: the record stays. */
void operation_leave(struct operation *op);

#endif
