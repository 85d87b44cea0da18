/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_TABLE_APPLY_H
#define LXCCKPT_CARRY_TABLE_APPLY_H

/* The half of carry/kinds.inc that puts back: what the monitor does at the moments of a restore. */

#include <sys/types.h>

#include "util/error.h"

struct restore;

enum apply_moment {
	/* The terminals are there, and nobody can connect to them yet. */
	APPLY_TERMINALS = 1,
	/* The container's own cgroup is there, and nothing is in it. */
	APPLY_CGROUP,
	/* The host's side is made; what is made is undone when the container ends. */
	APPLY_PREPARE,
	/* CRIU is about to be started. */
	APPLY_BEFORE_CRIU,
	/* In CRIU's process, before its exec: its children inherit. Text for the error goes to
	 * stderr. */
	APPLY_IN_CRIU,
	/* The namespaces are there, with no link up and no socket (post-setup-namespaces). */
	APPLY_NAMESPACES,
	/* A moment later, while the links come up: nobody has opened a file of a cgroup. */
	APPLY_CGROUPS,
	/* In a process in the container's network, where there are carriers: beside CRIU. */
	APPLY_IN_NETWORK,
	/* All is mounted, and all descriptors are there (post-restore). */
	APPLY_MOUNTED,
	/* Still post-restore, when nothing is wrong with mounts and links. */
	APPLY_RESTORED,
	/* CRIU is through, hooks of the host have run, and the container has not (pre-resume). */
	APPLY_BEFORE_RUN,
	/* CRIU has ended, however. */
	APPLY_ENDED,
};

/* What kinds keep from moment to moment, each its own. */
struct carried {
	struct {
		char *data;
		size_t len;
	} scrollback;

	char *keyring;	     /* the image's keys, until CRIU has been started; NULL: none */
	char *apparmor_path; /* the generated profile, once it is written */

	struct {
		int *fds;     /* one per facts' block filesystem: holds the device ... */
		char **names; /* ... of this name; both NULL once CRIU has mounted it */
	} devices;

	struct {
		int netns;	      /* the container's network namespace ... */
		int loopback_program; /* ... and a BPF link; -1: none */
	} half_closed;
};

/* init is the container's, as this process sees it; 0 where there is none yet. */
int carry_apply(struct restore *r, pid_t init, enum apply_moment moment, struct error **reterr);

/* Takes what is there: nothing may be. */
void carry_undo(struct restore *r);

/* The functions of the rows. */
typedef int apply_fn(struct restore *r, pid_t init, struct error **reterr);
typedef void undo_fn(struct restore *r);
#define KIND(name, save, apply, undo) apply undo
#define APPLY(moment, function)	      apply_fn function;
#define UNDO(function)		      undo_fn function;
#define NOTHING
#define NO_UNDO
#include "carry/kinds.inc"

#endif
