/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_STORAGE_ROOTFS_MOUNT_H
#define LXCCKPT_STORAGE_ROOTFS_MOUNT_H

#include <stdbool.h>

#include "facts/facts.h"
#include "util/error.h"

struct rootfs_wanted {
	const struct container_facts *then; /* what it was at the checkpoint */
	enum rootfs_kind kind;
	const char *path;    /* lxc.rootfs.path */
	const char *options; /* lxc.rootfs.options; NULL: none */
	bool look;	     /* read-only, to look at its files: nothing of it changes */
};

/*
 * Mounts a rootfs as LXC would, where nobody sees it. Closing the descriptor takes it away, with
 * the loop device. Does not compare. Returns the descriptor or -errno.
 */
int rootfs_mount(const struct rootfs_wanted *w, struct error **reterr);

/* The loop device that the file of such a rootfs is attached to; NULL: none. Caller frees. */
char *rootfs_in_use(enum rootfs_kind kind, const char *path);

#endif
