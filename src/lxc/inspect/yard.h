/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_YARD_H
#define LXCCKPT_INSPECT_YARD_H

#include "facts/facts.h"

/*
 * A directory of links by which CRIU finds the container's cgroup hierarchies on this host, under
 * the names that it looks for. Otherwise CRIU mounts them itself, and mounting cgroup2 removes
 * "nsdelegate" and other options for the whole host. Caller frees; NULL: a hierarchy is not mounted
 * here.
 */
char *cgroup_yard(const struct container_facts *facts);

#endif
