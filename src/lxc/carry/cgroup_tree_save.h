/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_CGROUP_TREE_SAVE_H
#define LXCCKPT_CARRY_CGROUP_TREE_SAVE_H

#include <stdbool.h>

#include "facts/facts.h"
#include "util/error.h"

/*
 * Pure. Whether a file of a cgroup is a setting that a new one would not have by
 * itself: a limit, weight or CPU set with another value than the kernel's default.
 */
bool cgroup_is_setting(const char *file, const char *value);

/*
 * Fills the cgroup tree of facts, in the place of what was there, with what
 * the container's cgroup and all beneath it are like now: the config's settings and those
 * that were made while it ran, from outside or by its own init.
 */
int inspect_cgroup_tree(struct container_facts *facts, struct error **reterr);

#endif
