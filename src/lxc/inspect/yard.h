/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_YARD_H
#define LXCCKPT_INSPECT_YARD_H

#include "facts/facts.h"

/*
 * A directory in which CRIU finds the container's cgroup hierarchies by the names
 * it looks for, as links to where this host has them. CRIU mounts them itself else,
 * and to mount cgroup2 takes "nsdelegate" and its other options away from the whole
 * host. Caller frees; NULL where a hierarchy is not mounted here.
 */
char *cgroup_yard(const struct container_facts *facts);

#endif
