/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the container's rootfs is, for a dump and for a restore: in the caller's process,
 * from what inspect/ has seen. Pure.
 */
#include "config.h"

#include "preflight/preflight.h"
#include "util/mem.h"

static void tell_other(const struct rootfs_check *c, struct findings *found)
{
	_cleanup_free_ char *remedy =
		xasprintf("mount it on a directory of the host before the container starts, and "
			  "name that as lxc.rootfs.path in %s",
			  c->config_file);

	findings_add(found, FINDING("rootfs", FINDING_BLOCKS, remedy),
		     "the rootfs of %s, %s, is of a kind that cannot be mounted for a restore: "
		     "directories, overlays, loop files and block devices can",
		     c->name, c->path);
}

/* The kernel mounts an overlay for the container's users, and LXC a file before it has them. */
static void tell_mapped(const struct rootfs_check *c, struct findings *found)
{
	_cleanup_free_ char *remedy =
		xasprintf("mount it on a directory of the host before the container starts, and "
			  "name that as lxc.rootfs.path in %s",
			  c->config_file);

	findings_add(found, FINDING("rootfs", FINDING_BLOCKS, remedy),
		     "%s has an ID map, and LXC mounts its rootfs %s: the two cannot be restored "
		     "together",
		     c->name, c->path);
}

static void check_mounted(const struct rootfs_check *c, struct findings *found)
{
	if (c->differs)
		findings_add(found,
			     FINDING("rootfs", FINDING_BLOCKS,
				     "put lxc.rootfs.path back, or start the container with it; "
				     "mount a rootfs in a pre-start hook, not in a pre-mount hook"),
			     "lxc.rootfs.path of %s, %s, %s", c->name, c->path, c->differs);
	if (c->kind == ROOTFS_DIRECTORY)
		return;
	if (c->mapped)
		tell_mapped(c, found);
	if (c->pre_mount)
		findings_add(
			found,
			FINDING("rootfs", FINDING_BLOCKS,
				"mount it in a pre-start hook; without -t, lxc-copy -e makes no "
				"such hook"),
			"LXC mounts the rootfs of %s after its pre-mount hooks, which a restore "
			"does not run: what they mount below it, a tmpfs for example, would be "
			"missing",
			c->name);
}

void preflight_rootfs(const struct rootfs_check *c, struct findings *found)
{
	_cleanup_free_ char *remedy = NULL;

	switch (c->kind) {
	case ROOTFS_DIRECTORY:
	case ROOTFS_OVERLAY:
	case ROOTFS_LOOP:
	case ROOTFS_BLOCK_DEVICE:
		check_mounted(c, found);
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
		tell_other(c, found);
	}
}
