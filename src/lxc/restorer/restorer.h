/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_RESTORER_H
#define LXCCKPT_RESTORER_RESTORER_H

/*
 * A restore is a table of stages (stages.c), run in the monitor's process. Each has an
 * undo. On a failure the stages done so far are undone in reverse; when the
 * container ends, the same undos take it down in the same order.
 */

#include <stdbool.h>

#include "carry/table_apply.h"
#include "image/dir.h"
#include "monitor/monitor.h"
#include "restorer/caller.h"
#include "restorer/hooks.h"
#include "restorer/make_cgroups.h"
#include "restorer/mount_layout.h"
#include "restorer/notes.h"
#include "restorer/plan.h"
#include "restorer/processes.h"
#include "restorer/restart.h"
#include "restorer/rootfs_stage.h"
#include "restorer/serving.h"
#include "restorer/terminals.h"
#include "restorer/verify_pages.h"
#include "restorer/veths.h"

/* When something of a stage is done, in the order of time. */
enum restore_moment {
	BEGIN,		       /* before CRIU starts: see begin of struct restore_stage */
	IN_CRIU,	       /* in CRIU's process, before its exec */
	POST_SETUP_NAMESPACES, /* from here on CRIU's names: the namespaces and links are there, */
	POST_RESTORE,	       /* all processes are, and CRIU's mounts and files, */
	NETWORK_UNLOCK,	       /* connections go on, */
	PRE_RESUME,	       /* CRIU is through with all, and nothing runs, */
	POST_RESUME,	       /* CRIU has let go of all processes */
	CRIU_ENDED,	       /* however it did, with or without all of these */
	N_MOMENTS,
};

struct restore {
	struct restore_plan *plan; /* only its config items change: stages set what they decide */
	const struct manifest *manifest;
	struct image *image; /* NULL once the container runs */

	struct notes notes;
	struct caller caller;
	enum restore_moment commits_at; /* when that has been */

	/* of the stages, in their order */
	struct terminals_stage terminals;
	int listen_fd;
	struct monitor *serving; /* from when there is the socket to the end; main.c frees it */
	struct hooks_stage hooks;
	struct rootfs_stage rootfs;
	struct cgroups_stage cgroups;
	struct pages_stage pages;
	struct mounts_stage mounts;
	struct carried carried; /* of the kinds of state that CRIU does not carry */
	struct network_stage network;
	struct processes_stage processes;

	bool ending;	/* it is being taken down */
	bool rebooting; /* the end is a reboot's: it is to be started anew */
};

/* A row of the table in stages.c; all but the name can be missing. */
struct restore_stage {
	const char *name;
	/* Before CRIU starts. If it fails, its own undo is called too. */
	int (*begin)(struct restore *r, struct error **reterr);
	/* After a failed restore and when the container ends: takes what is there. */
	void (*undo)(struct restore *r);
	/*
	 * At moments from IN_CRIU on; init is the container's, 0 where there is none. IN_CRIU says
	 * on stderr what fails. At CRIU_ENDED nothing can fail any more.
	 */
	int (*at[N_MOMENTS])(struct restore *r, pid_t init, struct error **reterr);
	/* For the kinds of state that CRIU does not carry it is then that moment. */
	enum apply_moment carried[N_MOMENTS];
};

/* Runs the stages' functions for a moment, until one of them fails. */
int stages_at(struct restore *r, enum restore_moment moment, pid_t init,
	      struct error **reterr) _must_check_;

int restore_apply(struct restore *r, struct error **reterr) _must_check_;

/* Takes down what restore_apply() made, the last first. */
void restore_undo(struct restore *r);

void restore_init(struct restore *r, struct restore_plan *plan, const struct manifest *manifest);
void restore_clear(struct restore *r);

#endif
