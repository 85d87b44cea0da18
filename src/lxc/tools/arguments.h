/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_ARGUMENTS_H
#define LXCCKPT_TOOLS_ARGUMENTS_H

/* The command line of lxc-checkpoint. */

#include <stdbool.h>
#include <stdio.h>

/* The verb of the command, by the options -r, --check, --info, --verify. */
enum verb {
	VERB_DUMP,
	VERB_RESTORE,
	VERB_CHECK_DUMP,
	VERB_CHECK_RESTORE,
	VERB_INFO,
	VERB_VERIFY,
};

/* Those options as bits: each may be given, and arguments_validate() refuses some combinations. */
enum verb_option {
	ASKED_RESTORE = 1 << 0,
	ASKED_CHECK = 1 << 1,
	ASKED_INFO = 1 << 2,
	ASKED_VERIFY = 1 << 3,
};

struct arguments {
	const char *name;
	char *lxcpath; /* on the heap, absolute */
	const char *directory;
	const char *action_script;
	const char *log_file;
	const char *log_level;
	const char *rcfile;
	const char *timeout;
	char *force;	    /* on the heap: the option may be repeated */
	unsigned int asked; /* enum verb_option */
	bool json, stop, replace, drop_outside, daemon, foreground, no_verify, verbose, quiet;
};

/* Pure. The verb of a command line; with contradictions, the first one that applies. */
enum verb arguments_verb(const struct arguments *a);

static inline bool verb_is_check(enum verb v)
{
	return v == VERB_CHECK_DUMP || v == VERB_CHECK_RESTORE;
}

/* Both return -1: continue; else the exit status, after printing the error. */
int arguments_parse(struct arguments *a, int argc, char *argv[]);
int arguments_validate(const struct arguments *a);

/* Parses digits without a sign; 0: not a valid timeout. */
unsigned int arguments_seconds(const char *text);

void print_usage(FILE *f);

#endif
