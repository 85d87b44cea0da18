/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_MAKE_CGROUPS_H
#define LXCCKPT_RESTORER_MAKE_CGROUPS_H

/* The cgroups of the monitor and the container. */

#include <sys/types.h>

#include "util/error.h"

struct restore;

struct cgroups_stage {
	int root;	   /* O_PATH of the cgroup2 mount */
	int spare;	   /* ... and one to leave the monitor's cgroup with */
	int payload_fd;	   /* O_PATH of the payload cgroup */
	int inner_fd;	   /* ... and of the one beneath it where its processes are; -1: none */
	char *controllers; /* of the cgroup that these are named from, when they were made */
	char *payload;	   /* paths from the cgroup2 root without leading slash, as they became */
	char *inner;	   /* NULL: none */
	char *monitor;
	pid_t leaving; /* of cgroups_leave_soon(); 0: none */
};

int cgroups_begin(struct restore *r, struct error **reterr) _must_check_;
void cgroups_undo(struct restore *r);

/* Begins a part of that. */
void cgroups_leave_soon(struct restore *r);

#endif
