/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_CGROUPS_H
#define LXCCKPT_INSPECT_CGROUPS_H

#include <stdbool.h>

#include "facts/facts.h"
#include "util/error.h"

/*
 * Pure. Parses the text of /proc/PID/cgroup. payload is the name of the container's top cgroup
 * ("lxc.payload.c1", "a/con"): cgroups that init made below it (systemd's init.scope) are cut off.
 * NULL: keeps whole paths.
 */
int cgroups_parse(const char *text, const char *payload, struct container_facts *facts,
		  struct error **reterr) _must_check_;

/*
 * Pure. The cgroup below which lxc-start names the container's: path without the name payload and
 * what lxc-start has appended. "": the root of the hierarchy. Caller frees.
 */
char *cgroup_base(const char *path, const char *payload);

/* Opens the container's directory in the cgroup2 hierarchy; -ENOENT: there is none. */
int cgroup2_open(const struct container_facts *facts);

/* Fills cgroups of facts from /proc/<init_pid>. */
int inspect_cgroups(struct container_facts *facts, const char *payload,
		    struct error **reterr) _must_check_;

#endif
