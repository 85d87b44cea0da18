/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_FINDINGS_H
#define LXCCKPT_PREFLIGHT_FINDINGS_H

/* The findings of the checks before a dump or a restore: a list that only grows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "criu/null_files.h"
#include "util/error.h"

struct finding {
	const char *check; /* a word that stays the same: "nested-namespace"; static */
	bool blocks;	   /* false: a warning, or a note */
	bool note;	   /* nothing gets lost */
	const char
		*force; /* the word by which a restore goes on all the same; static; NULL: none */
	pid_t pid; /* on this host; 0: the finding is not about a process, and the next three are
		      empty */
	pid_t container_pid; /* in the container */
	char *process;	     /* its name */
	char *unit;	     /* systemd's, "redis-server.service"; NULL: none */
	int descriptor;	     /* its number in the process; -1: none */
	size_t plain_len;    /* of the reason without that */
	char *reason; /* of a process: what it is or does, "is traced by strace"; else a sentence */
	char *remedy; /* NULL: none is known */
	int err;      /* positive errno for the error */
};

struct findings {
	uint64_t memory; /* of a dump: how many bytes the container's memory takes at most in the
			    image */
	uint64_t file_limit;	     /* of a dump: the least RLIMIT_FSIZE of a process */
	bool holds_current_terminal; /* of a dump: a process has /dev/tty open */
	struct null_files outside;   /* of a dump: files of the host that are replaced by the
					   container's /dev/null */
	struct finding *v;
	size_t n;
	size_t more; /* findings beyond a thousand, which are not listed */
	/* the container's cgroup, below which units are looked for; NULL: none */
	const char *cgroup;
	const char *command; /* the command that lists all; NULL: none */
};

/* The process that a finding is about, or NULL. Copied. */
struct finding_process {
	pid_t pid, container_pid;
	const char *name;
	int descriptor; /* its number plus 1; 0: none */
};

/* A note is kept as it is: nothing is lost by what it tells. */
enum finding_kind { FINDING_NOTE, FINDING_WARNING, FINDING_BLOCKS };

/* All of a finding but its reason. */
struct finding_about {
	const char *check; /* see struct finding */
	enum finding_kind kind;
	const char *remedy;		       /* NULL: none is known */
	const struct finding_process *process; /* NULL: it is not about a process */
	const char *force; /* the word that overrides it at a restore, and the remedy says so */
};

/* Further designators may follow: FINDING("config", FINDING_BLOCKS, remedy, .force = "config") */
#define FINDING(check_, kind_, remedy_, ...)                                                       \
	&(const struct finding_about)                                                              \
	{                                                                                          \
		.check = (check_), .kind = (kind_), .remedy = (remedy_), __VA_ARGS__               \
	}

/*
 * Adds a finding, unless the same reason is listed for the same process. Makes texts from the
 * container printable. Returns the finding, valid until the next one is added; NULL: it was listed
 * already.
 */
struct finding *findings_add(struct findings *f, const struct finding_about *about, const char *fmt,
			     ...) __attribute__((format(printf, 3, 4)));

/* Removes those for which fn returns true. */
void findings_forget(struct findings *f, bool (*fn)(const struct finding *f, void *userdata),
		     void *userdata);

/* Removes all but the first n. */
void findings_cut(struct findings *f, size_t n);

/* Adds how many were left out, if any. */
void findings_tell_rest(struct findings *f);

/* Turns the findings that one of words ("cpu,config"; NULL: none) overrides into warnings. */
void findings_force(struct findings *f, const char *words);

/* Pure. Whether word is among them. */
bool findings_are_forced(const char *words, const char *word);

/* Pure. Refuses a list with an unknown word. */
int findings_check_words(const char *words, struct error **reterr) _must_check_;

/* Adds an error that blocks: message and hint become reason and remedy. */
void findings_add_error(struct findings *f, const char *check, const struct error *e);

size_t findings_blocking(const struct findings *f);

/*
 * Refuses with the first finding that blocks, and the number of others; name is the container's.
 * Returns 0 if none blocks.
 */
int findings_refuse(const struct findings *f, const char *name, struct error **reterr) _must_check_;

void findings_clear(struct findings *f);
#define _cleanup_findings_ __attribute__((cleanup(findings_clear)))

/*
 * Pure. Returns the systemd unit in a /proc/PID/cgroup: the last component of the cgroup2 or
 * name=systemd path with such a name. Ignores top (may be NULL), which may be in a unit of the
 * host. NULL: none. Caller frees.
 */
char *unit_of_cgroup(const char *text, const char *top);

#endif
