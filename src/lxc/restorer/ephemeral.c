/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Destroys the storage of an ephemeral container when it stops. Only directories that no other
 * container depends on can be restored, so no lxc_snapshots need attention. Runs in the monitor, as
 * root, on the host.
 */
#include "config.h"

#include <string.h>

#include "restorer/restorer.h"
#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"

void ephemeral_destroy(const struct restore *r)
{
	const char *ephemeral = restore_plan_config(r->plan, "lxc.ephemeral");
	_cleanup_free_ char *directory = xasprintf("%s/%s", r->plan->lxcpath, r->plan->name);

	if (!ephemeral || strcmp(ephemeral, "1") != 0)
		return;
	/* if the rootfs cannot be removed, keep the configuration too: somebody may want to look */
	if (remove_tree(r->plan->rootfs) == 0)
		remove_tree(directory);
}
