/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_VETHS_H
#define LXCCKPT_RESTORER_VETHS_H

/* The host's ends of the container's links. */

#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct restore;

struct network_stage {
	char **host_veths;	    /* one per NIC; NULL where it is no veth */
	unsigned int *host_numbers; /* of these links; 0: CRIU has not made it yet */
	int file_fd;		    /* memfd: the network file with the names of now */
	int netns_fd;		    /* the network namespace that CRIU runs in; -1: the host's */
	pid_t settling;		    /* of network_settle(); 0: none */
};

int network_begin(struct restore *r, struct error **reterr);
void network_undo(struct restore *r);

/* The N of the config's lxc.net.N of interface i, -1 where it has none. */
int network_number(const struct restore *r, size_t i);

/* CRIU goes on where the callback failed at network-unlock: whether it did its work is seen here.
 */
int network_check(const struct restore *r, struct error **reterr);

int network_enter(struct restore *r, pid_t init, struct error **reterr);

/*
 * The host's ends of the container's links come to the host, where CRIU runs in a
 * network namespace of its own. And:
 * A link gets an fe80:: address from the kernel when its carrier comes. In a
 * container whose DHCP client had flushed that, it would be a new one. So such
 * a link gets its carrier early, while it is on no bridge and nothing runs that
 * could see it, and the address is removed again. The kernel also makes nexthops
 * only where there is a carrier. This is done in a process of its own, beside CRIU.
 */
int network_settle(struct restore *r, pid_t init, struct error **reterr);

/* Waits for that process. Doing it again is harmless. */
int network_settled(struct restore *r, pid_t init, struct error **reterr);

/* The same at the end, when one child is searched for, and that is init. */
int network_settled_at_last(struct restore *r, pid_t init, struct error **reterr);

/* Notes links that CRIU has made, if it has; init is the container's. */
void network_note_made(struct restore *r, pid_t init);

#endif
