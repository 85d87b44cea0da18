/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_FROZEN_CGROUP_H
#define LXCCKPT_INSPECT_FROZEN_CGROUP_H

#include <sys/types.h>

/*
 * The cgroup by which a process of the container is frozen: its own or one above, but beneath the
 * container's, which is open in top and has the path own in cgroup2. Relative to top; NULL: none.
 * Caller frees.
 */
char *frozen_cgroup_of(pid_t pid, int top, const char *own);

#endif
