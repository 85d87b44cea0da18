/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What pre-start hooks may make: the rootfs, what is mounted from the host, bridges. Looked at
 * when they have run, and before anything else is made. So is a rootfs that the monitor has
 * mounted. Runs in the monitor, as root on the host. In all other cases only the command looks,
 * before.
 */
#include "config.h"

#include "preflight/preflight.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "util/mem.h"

/* Whoever called sees the first; all are in the log. */
static void log_findings(const struct findings *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct finding *f = &found->v[i];

		log_at(f->blocks ? LOG_LEVEL_ERROR
		       : f->note ? LOG_LEVEL_INFO
				 : LOG_LEVEL_WARN,
		       "%s [%s]", f->reason, f->check);
	}
}

int made_begin(struct restore *r, struct error **reterr)
{
	_cleanup_findings_ struct findings found = {0};
	const struct restore_check check = {
		.manifest = r->manifest,
		.image = r->image->dirfd,
		.image_path = r->image->path,
		.name = r->plan->name,
		.lxcpath = r->plan->lxcpath,
		.rootfs = rootfs_files(r),
		.rootfs_path = r->plan->rootfs,
		.config = r->plan->config,
		.n_config = r->plan->n_config,
		.hooks_began = r->plan->hooks ? &r->hooks.began : NULL,
	};

	if (!r->plan->hooks && !r->rootfs.path)
		return 0;
	preflight_find_made(&check, &found);
	findings_force(&found, r->plan->force);
	log_findings(&found);
	return findings_refuse(&found, r->plan->name, reterr);
}
