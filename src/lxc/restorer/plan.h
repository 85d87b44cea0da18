/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_PLAN_H
#define LXCCKPT_RESTORER_PLAN_H

/*
 * What the library passes to lxc-checkpoint-monitor, a program of its own: small, without liblxc,
 * and with nothing of the process that called ->restore(). The plan travels as JSON in a memfd.
 * Both ends belong to one installation, so it has no version.
 */

#include "criu/argv.h"
#include "monitor/monitor.h"
#include "util/error.h"

#define PLAN_FD	  3 /* the memfd */
#define REPORT_FD 4 /* a socket: the monitor's reports, a line of JSON each, and ... */
#define LOCK_FD	  5 /* the operation's lock, see operation.h; until the restore is over */

#define TAKE_BACK "b" /* ... the caller's messages, until it is too late to cancel */

struct restore_plan {
	char *name;
	char *lxcpath;
	char *image_dir;
	char *rootfs;	      /* host directory */
	char *config_file;    /* absolute */
	char *rootfs_mount;   /* its place in CRIU's mount namespace: lxc.rootfs.mount */
	char *base_cgroup;    /* the cgroup below which these are named; "" for the root */
	char *monitor_cgroup; /* from the cgroup2 root: "/lxc.monitor.c1" */
	char *payload_cgroup;
	char *pivot_cgroup;
	char *criu;
	struct criu_version criu_version;
	char *action_script; /* NULL: none */
	char *log_file;	     /* the monitor's; NULL: none */
	char *log_level;     /* "ERROR", in any spelling that LXC accepts */
	unsigned int verbosity;
	bool foreground;
	bool ignore_cpu;	   /* accept a processor that lacks features */
	bool ignore_files;	   /* accept files of another mode or build */
	bool ignore_link_settings; /* accept links on the host without some of their settings */
	bool hooks;		   /* pre-start hooks: what they may make is checked after them, */
	char *force;		   /* which these words may override; NULL: none */
	bool verify_pages;	   /* nobody has yet verified the image's large files of pages */
	struct config_item *config;
	size_t n_config;
};

/* Caller frees. */
char *restore_plan_to_json(const struct restore_plan *p);
int restore_plan_from_json(const char *text, size_t len, struct restore_plan *ret,
			   struct error **reterr) _must_check_;

/* NULL where there is none. */
const char *restore_plan_config(const struct restore_plan *p, const char *key);
void restore_plan_set_config(struct restore_plan *p, const char *key, const char *value);

void restore_plan_clear(struct restore_plan *p);
#define _cleanup_plan_ __attribute__((cleanup(restore_plan_clear)))

/* The outcome, as reported to the caller. */
struct restore_report {
	enum {
		REPORT_COMMITTED, /* it can no longer be cancelled; one of these two follows: */
		REPORT_RUNNING,	  /* restored; init_pid is set */
		REPORT_FAILED,	  /* nothing of it is left; error is set */
		REPORT_REBOOT,	  /* lxc-start takes the monitor's place, and its status */
		REPORT_EXIT,	  /* the container has stopped; status is waitpid()'s */
	} kind;
	int init_pid;
	int status;
	struct error *error;
};

/* With a newline at the end. Caller frees. */
char *restore_report_to_json(const struct restore_report *r);

/* Parses one line, with or without its newline. The caller owns the error, if any. */
int restore_report_from_json(const char *line, struct restore_report *ret);

#endif
