/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Removes what an earlier restore of the same image has left of deleted files, when CRIU or the
 * machine died in the middle of it. Runs in the monitor, as root in the host's namespaces, after
 * pre-start hooks and before CRIU: nothing of the container runs.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "criu/leftovers.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"

/* A file that holds something else stays, and CRIU fails: the check before has refused it. */
static void remove_one(const struct leftover *l, void *userdata)
{
	(void)userdata;
	if (!l->in_image)
		return;
	if ((l->linked && unlinkat(l->dirfd, l->linked, 0) < 0) ||
	    unlinkat(l->dirfd, l->entry, 0) < 0)
		log_at(LOG_LEVEL_WARN, "cannot remove %s, which an earlier restore has left: %s",
		       l->name, strerror(errno));
	else
		log_at(LOG_LEVEL_NOTICE, "removed %s, which an earlier restore had left", l->name);
}

int leftovers_begin(struct restore *r, struct error **reterr)
{
	(void)reterr;
	leftovers_each(r->image->dirfd, &r->manifest->facts, rootfs_files(r), remove_one, NULL);
	return 0;
}
