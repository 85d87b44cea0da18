/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_CGROUP_NAMES_H
#define LXCCKPT_INSPECT_CGROUP_NAMES_H

#include "inspect/settings.h"

/*
 * The names that lxc-start gives a container's cgroups, below the one at which it begins (see
 * cgroup_base()). A suffix "-1" and so on may follow. No leading slash.
 */
struct cgroup_names {
	char *payload; /* "lxc.payload.c1" */
	char *monitor;
	char *pivot; /* where a dying monitor goes */
};

/* name: the container's. */
void cgroup_names(const char *name, const struct settings *settings, struct cgroup_names *ret);

void cgroup_names_clear(struct cgroup_names *names);
#define _cleanup_cgroup_names_ __attribute__((cleanup(cgroup_names_clear)))

#endif
