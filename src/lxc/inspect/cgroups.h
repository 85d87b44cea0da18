/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_CGROUPS_H
#define LXCCKPT_INSPECT_CGROUPS_H

#include <stdbool.h>

#include "facts/facts.h"
#include "util/error.h"

/*
 * Pure. Reads the text of /proc/PID/cgroup. payload is the name that the
 * container's own top cgroup has ("lxc.payload.c1", "a/con"): what init has made beneath
 * it (systemd's init.scope) is cut off. NULL: paths are taken as they are.
 */
int cgroups_parse(const char *text, const char *payload, struct container_facts *facts,
		  struct error **reterr);

/*
 * Pure. The cgroup from which lxc-start names the container's: path, where that
 * is, without the name payload and what lxc-start has put behind it. "" for the
 * hierarchy's root. Caller frees.
 */
char *cgroup_base(const char *path, const char *payload);

/* The container's directory in the cgroup2 hierarchy; -ENOENT where there is none. */
int cgroup2_open(const struct container_facts *facts);

/* Fills cgroups of facts from /proc/<init_pid>. */
int inspect_cgroups(struct container_facts *facts, const char *payload, struct error **reterr);

#endif
