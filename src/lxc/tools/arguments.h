/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_ARGUMENTS_H
#define LXCCKPT_TOOLS_ARGUMENTS_H

/* The command line of lxc-checkpoint. */

#include <stdbool.h>
#include <stdio.h>

struct arguments {
	const char *name;
	char *lxcpath; /* on the heap, absolute */
	const char *directory;
	const char *action_script;
	const char *log_file;
	const char *log_level;
	const char *rcfile;
	const char *timeout;
	char *force; /* on the heap: one option may follow another */
	bool restore, check, info, verify, json, stop, replace, daemon, foreground, no_verify,
		verbose, quiet;
};

/* Both return -1: go on; else the exit status, and what is wrong has been said. */
int arguments_parse(struct arguments *a, int argc, char *argv[]);
int arguments_validate(const struct arguments *a);

/* Digits alone, without a sign; 0: none that can be a time-out. */
unsigned int arguments_seconds(const char *text);

void print_usage(FILE *f);

#endif
