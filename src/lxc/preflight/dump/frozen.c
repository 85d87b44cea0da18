/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds processes that the container itself has frozen, by a cgroup within its own. CRIU stops such
 * a process, puts its code into it, and waits without end for that code to run. Runs in the
 * command, as root.
 */
#include "config.h"

#include "inspect/cgroups.h"
#include "inspect/frozen_cgroup.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

void check_frozen(struct survey *s)
{
	const struct cgroup *own = facts_cgroup2(s->p->facts);
	_cleanup_close_ int top = own ? cgroup2_open(s->p->facts) : -1;

	for (size_t i = 0; top >= 0 && i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];
		_cleanup_free_ char *path =
			p->in_tree ? frozen_cgroup_of(p->pid, top, own->path) : NULL;

		if (path)
			findings_add(s->found,
				     FINDING("frozen-cgroup", FINDING_BLOCKS,
					     "write 0 to its cgroup.freeze, in the container",
					     OF_PROCESS(s, p)),
				     "is frozen by the container's own cgroup %s, which CRIU would "
				     "wait for",
				     path);
	}
}
