/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_CGROUP_NAMES_H
#define LXCCKPT_INSPECT_CGROUP_NAMES_H

#include "inspect/settings.h"

/*
 * What lxc-start calls a container's cgroups, beneath the one that it begins at
 * (see cgroup_base()); "-1" and so on may come behind it. All without leading slash.
 */
struct cgroup_names {
	char *payload; /* "lxc.payload.c1" */
	char *monitor;
	char *pivot; /* where a monitor goes to die */
};

/* name: the container's. */
void cgroup_names(const char *name, const struct settings *settings, struct cgroup_names *ret);

void cgroup_names_clear(struct cgroup_names *names);
#define _cleanup_cgroup_names_ __attribute__((cleanup(cgroup_names_clear)))

#endif
