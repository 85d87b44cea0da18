/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_TABLE_APPLY_H
#define LXCCKPT_CARRY_TABLE_APPLY_H

/* The half of carry/kinds.inc that puts back: what the monitor does at the moments of a restore. */

#include <sys/types.h>

#include "util/error.h"

struct process_flags;
struct restore;

enum apply_moment {
	/* The terminals are there, and nobody can connect to them yet. */
	APPLY_TERMINALS = 1,
	/* The container's own cgroup is there, and nothing is in it. */
	APPLY_CGROUP,
	/* The cgroups and mounts are there. UNDO takes back what is made here. */
	APPLY_PREPARE,
	/* CRIU is about to be started. */
	APPLY_BEFORE_CRIU,
	/*
	 * In CRIU's process, before its exec: the container's processes inherit what is set here.
	 * An error is -1, and its text goes to stderr.
	 */
	APPLY_IN_CRIU,
	/* The namespaces are there, with no link up and no socket (post-setup-namespaces). */
	APPLY_NAMESPACES,
	/* A moment later, while a child brings the links up. CRIU has opened no cgroup file. */
	APPLY_CGROUPS,
	/* In that child, in the container's network namespace, when the links have a carrier. */
	APPLY_IN_NETWORK,
	/* All is mounted, and all descriptors are there (post-restore). */
	APPLY_MOUNTED,
	/* Still post-restore: mounts and links have been checked. */
	APPLY_RESTORED,
	/* CRIU has finished, and the host's hooks have run; no process runs yet (pre-resume). */
	APPLY_BEFORE_RUN,
	/* CRIU has exited, successful or not. Errors are ignored. */
	APPLY_ENDED,
};

/* State that kinds keep from moment to moment, each its own. */
struct carried {
	struct {
		char *data;
		size_t len;
	} scrollback;

	char *keyring; /* the image's keys, until CRIU has been started; NULL: none */
	/* the image's, until CRIU has ended; NULL: none */
	struct process_flags *process_flags;

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
int carry_apply(struct restore *r, pid_t init, enum apply_moment moment,
		struct error **reterr) _must_check_;

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
