/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The storage of a container that is there for once. Of LXC's kinds of storage only
 * directories can be restored, which depend on no other container's; so there is
 * nothing to be done for any lxc_snapshots.
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
	/* whatever keeps the rootfs keeps its configuration too: somebody may want to look */
	if (remove_tree(r->plan->rootfs) == 0)
		remove_tree(directory);
}
