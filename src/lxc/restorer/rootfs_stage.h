/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_ROOTFS_STAGE_H
#define LXCCKPT_RESTORER_ROOTFS_STAGE_H

/* A rootfs that LXC mounts: an overlay, a file, a block device. Nothing is done for a directory. */

#include <sys/types.h>

#include "util/error.h"

struct restore;

struct rootfs_stage {
	int fd;	    /* detached until CRIU's process moves it; -1: the rootfs is a directory */
	char *path; /* ... leads to it, in this process */
};

int rootfs_begin(struct restore *r, struct error **reterr) _must_check_;
void rootfs_undo(struct restore *r);

/* CRIU has it, or failed: the container's mount is all that is left of it. */
int rootfs_release(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* The path at which this process finds the container's files. */
const char *rootfs_files(const struct restore *r);

#endif
