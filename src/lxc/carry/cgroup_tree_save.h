/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_CGROUP_TREE_SAVE_H
#define LXCCKPT_CARRY_CGROUP_TREE_SAVE_H

#include <stdbool.h>

/*
 * Pure. Whether a file of a cgroup is a setting that a new one would not have by
 * itself: a limit, weight or CPU set with another value than the kernel's default.
 */
bool cgroup_is_setting(const char *file, const char *value);

#endif
