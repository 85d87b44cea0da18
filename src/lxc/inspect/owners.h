/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_OWNERS_H
#define LXCCKPT_INSPECT_OWNERS_H

#include "facts.h"
#include "util/error.h"

/*
 * Fills cgroup_owners of facts: which files of the container's cgroup and of those
 * below it are not root's alone. LXC gives some to an unprivileged container's
 * root; what that makes below is its own. cgroup: cgroup2_open()'s.
 */
int inspect_cgroup_owners(struct container_facts *facts, int cgroup, struct error **reterr);

#endif
