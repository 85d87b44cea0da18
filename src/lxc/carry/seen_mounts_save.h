/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SEEN_MOUNTS_SAVE_H
#define LXCCKPT_CARRY_SEEN_MOUNTS_SAVE_H

/* All mounts of a container that stands still: mounts_save.c looks at them once. */

#include <stddef.h>
#include <sys/types.h>

#include "carry/table_save.h"
#include "criu/image_mounts.h"
#include "sys/mountinfo.h"
#include "util/error.h"
#include "util/map.h"

struct seen_mount {
	struct mountinfo info;
	pid_t pid; /* a process that sees it */
	struct mount_change change;
};

struct seen_mounts {
	struct seen_mount *v;
	size_t n;
	struct map namespaces; /* that have been looked at */
};

/*
 * watches_save.c: finds the watched files that CRIU's image has at the wrong place. Returns 0 or
 * -errno: a restore would watch something else.
 */
int watches_save(struct saving *s, const struct seen_mounts *mounts,
		 struct error **reterr) _must_check_;

/*
 * mounted_sockets_save.c: writes the sockets that are mounted, and takes these mounts out of CRIU's
 * image. Returns 0 or -errno.
 */
int mounted_sockets_save(struct saving *s, struct seen_mounts *mounts,
			 struct error **reterr) _must_check_;

#endif
