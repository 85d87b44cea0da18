/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_MOUNTED_ROOTFS_H
#define LXCCKPT_INSPECT_MOUNTED_ROOTFS_H

#include <libmount.h>

#include "facts/facts.h"

/*
 * Compares the container's / (its mount, root) with what its configuration names, and describes it
 * in facts if LXC has mounted it. What differs is an obstacle.
 */
void inspect_mounted_rootfs(struct container_facts *facts, struct libmnt_fs *root);

#endif
