/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_FINDINGS_H
#define LXCCKPT_PREFLIGHT_FINDINGS_H

/* What the checks before a dump or a restore have found: a list that only grows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct finding {
	const char *check; /* a word that stays the same: "nested-namespace"; static */
	bool blocks;	   /* false: a warning, or a note */
	bool note;	   /* nothing is lost by it */
	const char
		*force; /* the word by which a restore goes on all the same; static; NULL: none */
	pid_t pid; /* on this host; 0: it is not about a process, and the next three are empty */
	pid_t container_pid; /* in the container */
	char *process;	     /* its name */
	char *unit;	     /* systemd's, "redis-server.service"; NULL: none */
	int descriptor;	     /* its number in the process; -1: it is about none */
	size_t plain_len;    /* of the reason without that */
	char *reason; /* of a process: what it is or does, "is traced by strace"; else a sentence */
	char *remedy; /* NULL: none is known */
	int err;      /* positive errno for the error */
};

struct findings {
	uint64_t memory; /* of a dump: bytes that the container's memory takes up to in the image */
	struct finding *v;
	size_t n;
	size_t more; /* that are not told, after a thousand that are */
	/* the container's own, of which units are looked for below; NULL: none */
	const char *cgroup;
	const char *command; /* that lists them; NULL: there is none */
};

/* What a finding is about; NULL where it is not about a process. Copied. */
struct finding_process {
	pid_t pid, container_pid;
	const char *name;
	int descriptor; /* its number and 1; 0: none */
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
 * Adds one, unless the same reason is there for the same process. What the texts have from the
 * container is made fit for a terminal. Returns it until the next one is added; NULL: it was
 * there.
 */
struct finding *findings_add(struct findings *f, const struct finding_about *about, const char *fmt,
			     ...) __attribute__((format(printf, 3, 4)));

/* Takes out those that fn is true of. */
void findings_forget(struct findings *f, bool (*fn)(const struct finding *f, void *userdata),
		     void *userdata);

/* Says how many were left out, if any were. */
void findings_tell_rest(struct findings *f);

/* Those that one of words ("cpu,config"; NULL: none) overrides are warnings from here on. */
void findings_force(struct findings *f, const char *words);

/* Pure. Whether word is among them. */
bool findings_are_forced(const char *words, const char *word);

/* Pure. Refuses a list with another word than there are. */
int findings_check_words(const char *words, struct error **reterr);

/* An error that stands in the way: message and hint become reason and remedy. */
void findings_add_error(struct findings *f, const char *check, const struct error *e);

size_t findings_blocking(const struct findings *f);

/*
 * The first that blocks as a refusal, with the number of the others; name is the
 * container's. 0 where none blocks.
 */
int findings_refuse(const struct findings *f, const char *name, struct error **reterr);

void findings_clear(struct findings *f);
#define _cleanup_findings_ __attribute__((cleanup(findings_clear)))

/*
 * Pure. systemd's unit in the text of a /proc/PID/cgroup: the last component of
 * its cgroup2 or name=systemd path that is called like one. What top (may be NULL)
 * says is left out: it may be in a unit of the host. NULL: none. Caller frees.
 */
char *unit_of_cgroup(const char *text, const char *top);

#endif
