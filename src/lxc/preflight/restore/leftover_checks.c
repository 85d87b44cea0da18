/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before a restore: whether a file is where CRIU is going to make one for a deleted file. Runs in
 * the command, or in the monitor after pre-start hooks, as root on the host.
 */
#include "config.h"

#include "criu/leftovers.h"
#include "preflight/restore/restore_checks.h"

#define NAMED_MAX 8

struct told {
	struct findings *found;
	size_t ours, others;
};

static void tell(const struct leftover *l, void *userdata)
{
	struct told *t = userdata;

	if (l->in_image ? t->ours++ >= NAMED_MAX : t->others++ >= NAMED_MAX)
		return;
	if (l->in_image)
		findings_add(t->found, FINDING("leftover", FINDING_NOTE, NULL),
			     "an earlier restore of this checkpoint that was killed has left %s: "
			     "the restore removes it",
			     l->name);
	else
		findings_add(t->found,
			     FINDING("leftover", FINDING_BLOCKS,
				     "move that file away, and restore again"),
			     "%s is where CRIU makes a file for one that was deleted, and holds "
			     "something else than the checkpoint has of that",
			     l->name);
}

void check_leftovers(const struct restore_check *r, struct findings *found)
{
	struct told t = {.found = found};

	if (r->image < 0)
		return;
	leftovers_each(r->image, &r->manifest->facts, r->rootfs, tell, &t);
	if (t.others > NAMED_MAX)
		findings_add(
			found,
			FINDING("leftover", FINDING_BLOCKS, "move them away, and restore again"),
			"%zu more files are where CRIU makes files that were deleted",
			t.others - NAMED_MAX);
}
