/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_DUMP_PRIVATE_H
#define LXCCKPT_FLOW_DUMP_PRIVATE_H

/* Shared by the files of the checkpoint's flow (dump.c, dump_*.c). Nobody else includes this. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <lxc/lxccontainer.h>

#include "carry/table_save.h"
#include "criu.h"
#include "flow/dump.h"
#include "image/dir.h"
#include "inspect/settings.h"
#include "lock/operation.h"

struct dump {
	struct lxc_container *c;
	const struct dump_options *o;
	const char *place; /* the container's */
	const struct image_place *image_place;
	const char *command; /* the check */
	bool first;	     /* try, which tells what was found */
	struct criu_program criu;
	struct settings settings;
	struct manifest manifest;
	struct image *image;
	char *action_script;
	struct operation operation;
	int init;	     /* pidfds; -1 unknown: the container's init ... */
	int monitor;	     /* ... and its parent, */
	bool own;	     /* which is there for the container alone */
	pid_t monitor_pid;   /* 0: it is not known */
	uint64_t memory;     /* bytes that its image takes up to */
	uint64_t file_limit; /* the least RLIMIT_FSIZE of a process */
	struct null_files null_files;
	pid_t criu_pid;
	pid_t keeper; /* 0, or -errno: none */
	struct saving saving;
	bool freeze;   /* CRIU is to freeze the container before it looks at it ... */
	char *freezer; /* ... by this cgroup's directory */
	int started;   /* what came of what was saved when CRIU had been started */
	struct error *started_error;
	bool locked;  /* CRIU has come to network-lock: it begins to do things */
	bool settled; /* it has come to post-dump: this is over in a moment */
	bool sealed;
	char **thawed; /* see dump_thaw() */
	size_t n_thawed;
	int64_t next_look;
};

/* ---- dump_image.c: what the image has beside that which CRIU writes ---- */

/* Everything of the manifest that is known before CRIU starts. */
void dump_describe(struct dump *d);

/* Before CRIU starts: the network file, and those of the state that CRIU does not carry. */
int dump_write_files(struct dump *d, struct error **reterr) _must_check_;

/*
 * When the processes stand still: as soon as CRIU says so (at network-lock, or later where it has
 * nothing to lock). Doing it again is harmless.
 */
int dump_save_stopped(struct dump *d, struct error **reterr) _must_check_;

/* At post-dump, when CRIU has written its own. */
int dump_complete_image(struct dump *d, struct error **reterr) _must_check_;

/* ---- dump_give_up.c: the container runs on, and no checkpoint is to be seen ---- */

/* *reterr and r hold the failure. Returns the result that the checkpoint fails with. */
int dump_give_up(struct dump *d, int r, struct error **reterr) _must_check_;

/* Whether the container's init is dead, or has no way back any more; within some milliseconds. */
bool dump_init_dies_within(const struct dump *d, int ms);
bool dump_init_is_dead(const struct dump *d);

/* Its network is as it was, whatever CRIU and the callback did. */
int dump_attach_network(struct dump *d, struct error **reterr) _must_check_;

/* ---- dump_again.c ---- */

/*
 * Whether a checkpoint that has failed with e, and been tried that many times, is to be tried
 * again now. Waits before it says so, and writes it to LXC's log.
 */
bool dump_again(const struct dump *what, unsigned int tries, const struct error *e);

/* ---- dump_thaw.c: cgroups that the container freezes itself while CRIU is at work ---- */

/* Now and then, while CRIU works: thaws them. */
void dump_thaw(struct dump *d);

/* 0, or where there was one what the checkpoint fails with. */
int dump_thaw_tell(const struct dump *d, struct error **reterr) _must_check_;

/* When CRIU is through. */
void dump_freeze_again(struct dump *d);

/* ---- dump_gone.c: the old monitor ---- */

void dump_find_monitor(struct dump *d);
int dump_wait_until_gone(struct dump *d, struct error **reterr) _must_check_;

#endif
