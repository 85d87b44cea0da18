/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_RECORD_H
#define LXCCKPT_LOCK_RECORD_H

/*
 * What is to be put back on a container should all processes that know of it be killed. A record is
 * a file of JSON in the runtime directory, beside the container's lock and named after it. There
 * are two for a container at most:
 *
 *   NAME.record  an operation's: who began, what is detached or frozen, what a restore has made.
 *                Whoever holds the lock writes it: the command, and from its start to the end of
 * the restore the monitor. NAME.links   a running container's links on the host, by which the next
 * operation finds them when the monitor was killed. Written by the monitor, and by a checkpoint for
 * a container of LXC's own monitor.
 *
 * The lock itself stays empty. Were the record in it, a process killed between the truncation and
 * the end of a write would leave half a record. A record is written under another name, of which
 * there is one, and renamed: the next operation finds the old record or the new one.
 */

#include <stdint.h>

#include "facts/facts.h"
#include "util/error.h"

#define RECORD_OPERATION "record"
#define RECORD_LINKS	 "links"

struct record {
	uint64_t pid_namespace; /* in which these numbers of processes count */

	/* who works on the container, since when (time_t), and at what: "a restore" */
	int pid;
	uint64_t since;
	char *what;

	/* the container that it is about: what follows is put back in this life of it; 0: none */
	int init;
	uint64_t init_start; /* see process_start_time(); 0: not known */
	char *frozen;	     /* the directory of a cgroup that CRIU has frozen; NULL: none */
	struct nic *nics; /* links that are off their bridges: host_name, bridge, host_mac alone */
	size_t n_nics;

	/* what this process has made, and nobody needs any more when the process is dead; 0: none
	 */
	int monitor;
	uint64_t monitor_start;
	struct record_cgroup {
		uint64_t number; /* the inode: no other cgroup ever has it */
		char *path;
	} *cgroups;
	size_t n_cgroups;
	struct record_link {
		char *name;
		unsigned int number; /* 0: CRIU is about to make it */
		char *mac;	     /* NULL: it has none of its own yet */
	} *links;
	size_t n_links;
};

void record_clear(struct record *r);
#define _cleanup_record_ __attribute__((cleanup(record_clear)))

/* ---- the text: pure ---- */

/* NULL where a path is not UTF-8, which JSON cannot hold. Caller frees. */
char *record_to_text(const struct record *r);

/* Refuses all that record_to_text() does not write. */
int record_from_text(const char *text, size_t len, struct record *ret,
		     struct error **reterr) _must_check_;

/* Parses the lines that earlier versions wrote into the lock itself. Skips unknown ones. */
void record_from_lines(const char *text, struct record *ret);

/* ---- the files ---- */

/*
 * lock: the lock's file name. kind: RECORD_OPERATION, or RECORD_LINKS. 1: *ret is set; 0: there is
 * none. An empty file is none: a machine that lost its power can leave one where /run is on a disk,
 * and there is nothing to be put back then.
 */
int record_read(const char *lock, const char *kind, struct record *ret,
		struct error **reterr) _must_check_;

int record_write(const char *lock, const char *kind, const struct record *r,
		 struct error **reterr) _must_check_;

void record_remove(const char *lock, const char *kind);

/* The file name of an open lock. Caller frees; NULL: it is none. */
char *record_lock_name(int lock_fd);

/* Identifies the caller's PID namespace; 0: unknown, because there is no /proc. */
uint64_t record_pid_namespace(void);

/*
 * Whether a process of the record, of that number and start, has ended; start 0: whoever has the
 * number. A caller in another PID namespace cannot see that, and takes it for alive.
 */
bool record_process_ended(const struct record *r, int pid, uint64_t start);

#endif
