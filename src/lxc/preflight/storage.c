/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the container's rootfs is, for a dump and for a restore: in the caller's process,
 * from what inspect/ has seen. Pure.
 */
#include "config.h"

#include "preflight/preflight.h"
#include "util/mem.h"

void preflight_rootfs(const struct rootfs_check *c, struct findings *found)
{
	static const char *const mounted[] = {
		[ROOTFS_OVERLAY] = "an overlay that LXC mounts",
		[ROOTFS_LOOP] = "a file that LXC mounts (loop)",
		[ROOTFS_BLOCK_DEVICE] = "a block device that LXC mounts",
		[ROOTFS_OTHER] = "mounted by LXC",
	};
	_cleanup_free_ char *remedy = NULL;

	switch (c->kind) {
	case ROOTFS_DIRECTORY:
		break;
	case ROOTFS_MISSING:
		if (c->made_later)
			break;
		remedy = xasprintf("mount it, or correct lxc.rootfs.path in %s", c->config_file);
		findings_add(found, FINDING("rootfs", FINDING_BLOCKS, remedy),
			     "the rootfs of %s, %s, is missing", c->name, c->path);
		break;
	case ROOTFS_UNSET:
		remedy = xasprintf("set lxc.rootfs.path in %s", c->config_file);
		findings_add(found, FINDING("rootfs", FINDING_BLOCKS, remedy),
			     "%s has no lxc.rootfs.path", c->name);
		break;
	default:
		remedy = xasprintf("mount it on a directory of the host before the container "
				   "starts, and name that as lxc.rootfs.path in %s",
				   c->config_file);
		findings_add(found, FINDING("rootfs", FINDING_BLOCKS, remedy),
			     "the rootfs of %s, %s, is %s: only a directory of the host can be "
			     "checkpointed and restored so far",
			     c->name, c->path, mounted[c->kind]);
	}
}
