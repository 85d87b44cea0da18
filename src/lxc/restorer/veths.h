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

int network_begin(struct restore *r, struct error **reterr) _must_check_;
void network_undo(struct restore *r);

/* The N of the config's lxc.net.N of interface i, -1 where it has none. */
int network_number(const struct restore *r, size_t i);

/* Whether script.up connects it, and nobody else. */
bool network_is_by_script(const struct restore *r, size_t i);

/* After its script.up: whether that has put an interface on a bridge that was on one. */
int network_check_script(const struct restore *r, size_t i, struct error **reterr) _must_check_;

/* Whether the callback did its work at network-unlock: CRIU ignores its failure. */
int network_check(const struct restore *r, struct error **reterr) _must_check_;

int network_enter(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/*
 * Starts a child that works while CRIU does:
 *  - if CRIU runs in a network namespace of its own, the child moves the host's ends of the links
 *    to the host;
 *  - the kernel gives a link an fe80:: address when the carrier comes. If the container had no such
 *    address (a DHCP client flushed it), the child brings the carrier up early, while the link is
 * on no bridge and no process can see it, and removes the address again;
 *  - it makes nexthops, for which the kernel wants a carrier.
 */
int network_settle(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* Waits for that child. Calling it again is harmless. */
int network_settled(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* The same when CRIU has ended: only_child() has to find init alone. What fails is ignored. */
int network_settled_at_last(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* Notes the links that CRIU has made so far; init is the container's. */
void network_note_made(struct restore *r, pid_t init);

#endif
