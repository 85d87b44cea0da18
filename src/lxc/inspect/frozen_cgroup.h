/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_FROZEN_CGROUP_H
#define LXCCKPT_INSPECT_FROZEN_CGROUP_H

#include <sys/types.h>

/*
 * Finds the cgroup that freezes a process of the container: its own or one above, but below the
 * container's, which is open as top and has the path own in cgroup2. Returns its path relative to
 * top; NULL: none. Caller frees.
 */
char *frozen_cgroup_of(pid_t pid, int top, const char *own);

#endif
