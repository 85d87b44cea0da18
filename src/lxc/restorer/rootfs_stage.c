/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mounts the rootfs that LXC would mount: after pre-start hooks, which may make what it is made of,
 * and before its files are looked at. Runs in the monitor, as root on the host, where nobody sees
 * the mount: CRIU's process moves it into its own mount namespace (mount_layout.c).
 */
#include "config.h"

#include <stdlib.h>

#include "preflight/preflight.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "storage/rootfs_identity.h"
#include "storage/rootfs_mount.h"
#include "util/fd.h"
#include "util/mem.h"

/* Before it is mounted: that changes it. */
static int compare(const struct restore *r, enum rootfs_kind kind, struct error **reterr)
{
	_cleanup_free_ char *what = NULL;
	const enum rootfs_change change =
		rootfs_compare(&r->manifest->facts, kind, r->plan->rootfs, &what);

	if (change == ROOTFS_SAME || change == ROOTFS_COPY ||
	    (change == ROOTFS_ANOTHER && findings_are_forced(r->plan->force, "rootfs")))
		return 0;
	error_refuse(reterr, ENODEV, "the rootfs %s is not the one of the checkpoint: %s",
		     r->plan->rootfs, what);
	error_set_hint(reterr, "put it back as it was, and restore again");
	return -ENODEV;
}

int rootfs_begin(struct restore *r, struct error **reterr)
{
	const enum rootfs_kind kind = rootfs_kind_of(r->plan->rootfs);
	const struct rootfs_wanted wanted = {
		.then = &r->manifest->facts,
		.kind = kind,
		.path = r->plan->rootfs,
		.options = restore_plan_config(r->plan, "lxc.rootfs.options"),
	};
	int e;

	if (!rootfs_kind_word(kind) && !r->manifest->facts.rootfs_kind)
		return 0;
	e = compare(r, kind, reterr);
	if (e < 0)
		return e;
	r->rootfs.fd = rootfs_mount(&wanted, reterr);
	if (r->rootfs.fd < 0)
		return r->rootfs.fd;
	r->rootfs.path = xasprintf("/proc/self/fd/%d", r->rootfs.fd);
	return 0;
}

const char *rootfs_files(const struct restore *r)
{
	return r->rootfs.path ? r->rootfs.path : r->plan->rootfs;
}

void rootfs_undo(struct restore *r)
{
	fd_close(&r->rootfs.fd);
	free(TAKE_PTR(r->rootfs.path));
}

int rootfs_release(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	rootfs_undo(r);
	return 0;
}
