/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_TABLE_SAVE_H
#define LXCCKPT_CARRY_TABLE_SAVE_H

/* The half of carry/kinds.inc that saves: what the library does at the moments of a dump. */

#include <stdbool.h>
#include <sys/types.h>

#include "criu/image_files.h"
#include "criu/image_mounts.h"
#include "criu/image_watches.h"
#include "facts/facts.h"
#include "image/dir.h"
#include "inspect/settings.h"
#include "util/error.h"

struct process_answers;

enum save_moment {
	/* The container runs, and there is no image: perhaps it is only a check. */
	SAVE_LOOK = 1,
	/* The container runs, and CRIU is about to be started. */
	SAVE_RUNNING,
	/* CRIU has been started, and needs longer than this until it stops the processes. */
	SAVE_STARTED,
	/*
	 * CRIU has stopped the processes, and has looked at none of their files (network-lock).
	 * In a container in the host's network: at post-dump.
	 */
	SAVE_STOPPED,
	/* CRIU has written all its files (post-dump). */
	SAVE_POST_DUMP,
	/* CRIU's files are about to be mended. */
	SAVE_MEND,
	/* Everything else is done; with "stop" only the commit is left. */
	SAVE_LAST,
	/* With "stop": the image is committed. Errors are ignored. */
	SAVE_SEALED,
};

struct standing;
struct standing_walk;
struct thread_reading;
struct flags_reading;
struct socket_reading;

/* The source and the destination of what a kind saves. */
struct saving {
	const struct settings *settings; /* the running container's config */
	struct container_facts *facts;	 /* for members of the manifest */
	struct image *image;		 /* for files; NULL at SAVE_LOOK */
	bool stop;			 /* the container is going to stop */
	bool holds_current_terminal;	 /* a process has /dev/tty open, as preflight found */
	int cgroup;			 /* at SAVE_LOOK: cgroup2_open()'s, or -errno */
	int init;			 /* pidfd of the container's init; -1: not known */
	int root;			/* O_PATH of its root, from SAVE_STOPPED to SAVE_MEND; -1 */
	const struct criu_files *files; /* CRIU's, at SAVE_POST_DUMP */

	/* what the kinds find for later */
	struct process_answers *answers;    /* what processes said of themselves; NULL: nothing */
	struct skipped_mounts skipped;	    /* CRIU has left them out ... */
	ino_t mount_ns;			    /* ... of init's mount namespace, and of others */
	struct mount_changes mount_changes; /* what CRIU's image says wrongly of mounts */
	struct watch_changes watch_changes; /* ... and of watched files */
	bool scrollback;		    /* there is some in the image */

	/* from SAVE_STOPPED on: the walk over all threads, and what it finds for each kind */
	struct standing_walk *walk;
	struct thread_reading *threads;
	struct flags_reading *flags;
	struct socket_reading *sockets;
};

/*
 * After the functions of SAVE_STOPPED begins the walk that calls those of EACH(). It has ended
 * before those of SAVE_POST_DUMP.
 */
int carry_save(struct saving *s, enum save_moment moment, struct error **reterr) _must_check_;

/* However the dump went. */
void carry_save_end(struct saving *s);

/* In the walk: calls the functions of EACH() for a thread. */
void carry_save_each(struct saving *s, struct standing *t);

/* The functions of the rows. For an each_fn, s has only what the kinds find for later. */
typedef int save_fn(struct saving *s, struct error **reterr);
typedef void each_fn(struct saving *s, struct standing *t);
#define KIND(name, save, apply, undo) save
#define SAVE(moment, function)	      save_fn function;
#define EACH(function)		      each_fn function;
#define NOTHING
#include "carry/kinds.inc"

/* Those of rows that keep something until the end. */
void threads_end(struct saving *s);
void process_flags_forget(struct saving *s);
void sockets_end(struct saving *s);

#endif
