/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Destroys the storage of an ephemeral container when it stops: a directory, a file, or the upper
 * directory of an overlay, as LXC does. A block device stays. Runs in the monitor, as root, on the
 * host.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "restorer/snapshots.h"
#include "storage/rootfs_identity.h"
#include "storage/rootfs_words.h"
#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"

static int remove_rootfs(const char *path)
{
	_cleanup_layers_ struct overlay_layers layers = {0};

	switch (rootfs_kind_of(path)) {
	case ROOTFS_OVERLAY:
		return overlay_layers_parse(path, &layers)
			       ? remove_tree(layers.dirs.v[layers.dirs.n - 1])
			       : -EINVAL;
	case ROOTFS_LOOP:
		return unlink(path) < 0 ? -errno : 0;
	case ROOTFS_BLOCK_DEVICE:
		return 0;
	default:
		return remove_tree(path);
	}
}

void ephemeral_destroy(const struct restore *r)
{
	const char *ephemeral = restore_plan_config(r->plan, "lxc.ephemeral");
	_cleanup_free_ char *directory = xasprintf("%s/%s", r->plan->lxcpath, r->plan->name);

	if (!ephemeral || strcmp(ephemeral, "1") != 0)
		return;
	/* if the rootfs cannot be removed, keep the configuration too: somebody may want to look */
	if (remove_rootfs(r->plan->rootfs) < 0)
		return;
	snapshots_forget(r->plan->lxcpath, r->plan->name);
	remove_tree(directory);
}
