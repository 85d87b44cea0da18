/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The options of lxc-checkpoint: one list, from which the help and the parser are made. Runs in
 * lxc-checkpoint, before anything else.
 */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxccheckpoint.h"
#include "tools/answer.h"
#include "tools/arguments.h"
#include "tools/lxcpath.h"
#include "tools/refuse.h"
#include "tools/unknown.h"

enum {
	OPT_USAGE = 0x100,
	OPT_VERSION,
	OPT_RCFILE,
	OPT_REPLACE,
	OPT_CHECK,
	OPT_JSON,
	OPT_NO_VERIFY,
	OPT_INFO,
	OPT_VERIFY,
	OPT_FORCE,
	OPT_TIMEOUT,
	OPT_DROP_OUTSIDE,
};

enum group { G_BOTH, G_CHECKPOINT, G_RESTORE, G_CHECK, G_IMAGE, G_COMMON };

static int add_force(struct arguments *a, const char *words);
static int set_lxcpath(struct arguments *a, const char *path);
static int show_help(struct arguments *a, const char *argument);
static int show_usage(struct arguments *a, const char *argument);
static int show_version(struct arguments *a, const char *argument);

/* An option does one of these. */
#define SETS(field)  .flag = offsetof(struct arguments, field), .does = DOES_SET
#define KEEPS(field) .text = offsetof(struct arguments, field), .does = DOES_KEEP
#define ASKS(bit)    .asks = (bit), .does = DOES_ASK
#define CALLS(fn)    .call = (fn), .does = DOES_CALL

/* The list of options, from which the parser and the help are made. */
static const struct option_text {
	int key;
	const char *name;
	const char *argument;
	enum group group;
	const char *help;
	enum { DOES_SET, DOES_KEEP, DOES_ASK, DOES_CALL } does;
	union {
		size_t flag; /* a bool */
		size_t text; /* a const char *, which the argument is */
		enum verb_option asks;
		/* -1: continue; else the exit status */
		int (*call)(struct arguments *a, const char *argument);
	};
} options[] = {
	{'n', "name", "NAME", G_BOTH, "name of the container; may also stand without -n",
	 KEEPS(name)},
	{'r', "restore", NULL, G_BOTH, "restore it; without this, checkpoint it",
	 ASKS(ASKED_RESTORE)},
	{'D', "checkpoint-dir", "DIR", G_BOTH,
	 "image directory, or DIR/NAME if DIR holds other things\n"
	 "                             [LXCPATH/NAME/checkpoint]",
	 KEEPS(directory)},
	{'A', "action-script", "PATH", G_BOTH, "program that CRIU calls at its stages",
	 KEEPS(action_script)},
	{'v', "verbose", NULL, G_BOTH, "make CRIU log everything", SETS(verbose)},
	{'s', "stop", NULL, G_CHECKPOINT, "stop it once the checkpoint is complete", SETS(stop)},
	{OPT_REPLACE, "replace", NULL, G_CHECKPOINT,
	 "replace the checkpoint in DIR once the new one is complete", SETS(replace)},
	{OPT_DROP_OUTSIDE, "drop-outside", NULL, G_CHECKPOINT,
	 "save /dev/null in place of files and pipes of the host", SETS(drop_outside)},
	{OPT_TIMEOUT, "timeout", "SECONDS", G_CHECKPOINT,
	 "how long its processes may take to stop [10]", KEEPS(timeout)},
	{'d', "daemon", NULL, G_RESTORE, "return when it runs (default)", SETS(daemon)},
	{'F', "foreground", NULL, G_RESTORE,
	 "show its console here, stay until it stops, exit with its status", SETS(foreground)},
	{OPT_NO_VERIFY, "no-verify", NULL, G_RESTORE,
	 "do not compare the image with its checksums first", SETS(no_verify)},
	{OPT_FORCE, "force", "WORD,...", G_RESTORE,
	 "override a refusal: cpu, criu, config, network, rootfs, stale", CALLS(add_force)},
	{OPT_CHECK, "check", NULL, G_CHECK,
	 "only report whether it would work, and if not, why; with -r: a restore",
	 ASKS(ASKED_CHECK)},
	{OPT_INFO, "info", NULL, G_IMAGE, "show what the checkpoint in DIR contains",
	 ASKS(ASKED_INFO)},
	{OPT_VERIFY, "verify", NULL, G_IMAGE, "report whether the checkpoint in DIR is intact",
	 ASKS(ASKED_VERIFY)},
	{OPT_JSON, "json", NULL, G_COMMON, "with --check, --info, --verify: print JSON",
	 SETS(json)},
	{'P', "lxcpath", "PATH", G_COMMON, "directory of the containers", CALLS(set_lxcpath)},
	{'o', "logfile", "FILE", G_COMMON, "write a log to FILE", KEEPS(log_file)},
	{'l', "logpriority", "LEVEL", G_COMMON, "what goes there: ERROR (default) ... TRACE",
	 KEEPS(log_level)},
	{'q', "quiet", NULL, G_COMMON, "print nothing", SETS(quiet)},
	{OPT_RCFILE, "rcfile", "FILE", G_COMMON, "use FILE as the container's config",
	 KEEPS(rcfile)},
	{'h', "help", NULL, G_COMMON, "show this and exit", CALLS(show_help)},
	{OPT_USAGE, "usage", NULL, G_COMMON, "show a short usage and exit", CALLS(show_usage)},
	{OPT_VERSION, "version", NULL, G_COMMON, "show the version and exit", CALLS(show_version)},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void print_group(enum group g, const char *title)
{
	printf("\n%s\n", title);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_text *o = &options[i];
		char text[64];

		if (o->group != g)
			continue;
		snprintf(text, sizeof(text), "%s%s%s", o->name, o->argument ? "=" : "",
			 o->argument ? o->argument : "");
		if (o->key < OPT_USAGE)
			printf("  -%c, --%-20s %s\n", o->key, text, o->help);
		else
			printf("      --%-20s %s\n", text, o->help);
	}
}

void print_usage(FILE *f)
{
	fprintf(f,
		"Usage: lxc-checkpoint -n NAME [-D DIR] [-s] [--replace] [-A PATH] [-v]\n"
		"                      [--drop-outside] [--timeout=SECONDS]\n"
		"       lxc-checkpoint -n NAME -r [-D DIR] [-d | -F] [--no-verify] [-A PATH] [-v]\n"
		"                      [--force=WORD,...]\n"
		"       lxc-checkpoint -n NAME --check [--json] [-D DIR] [-s] [--replace]\n"
		"                      [--drop-outside]\n"
		"       lxc-checkpoint -n NAME -r --check [--json] [-D DIR] [--force=WORD,...]\n");
}

static void print_help(void)
{
	print_usage(stdout);
	printf("\nSaves a running container with its processes, memory and connections to DIR,\n"
	       "and brings it back from there.\n");
	print_group(G_BOTH, "Options:");
	print_group(G_CHECKPOINT, "Checkpoint:");
	print_group(G_RESTORE, "Restore:");
	print_group(G_CHECK, "Check:");
	print_group(G_IMAGE, "Look at a checkpoint, with or without its container:");
	print_group(G_COMMON, "Common:");
	printf("\nExamples:\n  lxc-checkpoint -n web --check      would it work?\n  lxc-checkpoint "
	       "-n web -s           save web and stop it\n  lxc-checkpoint -n web -r           "
	       "bring it back\n  lxc-checkpoint -n web -r --check   would that work?\n  "
	       "lxc-checkpoint -n web -D /srv/web  save a copy while web keeps running\n\nExit "
	       "status: 0 done; 1 failed, a running container keeps running; 2 bad usage;\n3 "
	       "refused, nothing was touched. With --info and --verify, 1 is: damaged. With -F: "
	       "the container's own, or 128 and the\nsignal that ended it. More: man "
	       "lxc-checkpoint\n");
}

enum verb arguments_verb(const struct arguments *a)
{
	bool restore = a->asked & ASKED_RESTORE;

	if (a->asked & ASKED_CHECK)
		return restore ? VERB_CHECK_RESTORE : VERB_CHECK_DUMP;
	if (a->asked & ASKED_INFO)
		return VERB_INFO;
	if (a->asked & ASKED_VERIFY)
		return VERB_VERIFY;
	return restore ? VERB_RESTORE : VERB_DUMP;
}

/* Makes getopt's two tables from ours; shorts[] and longs[] are large enough. */
static void getopt_tables(char *shorts, struct option *longs)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_text *o = &options[i];

		longs[i] = (struct option){
			.name = o->name,
			.has_arg = o->argument ? required_argument : no_argument,
			.val = o->key,
		};
		if (o->key >= OPT_USAGE)
			continue;
		*shorts++ = (char)o->key;
		if (o->argument)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[N_OPTIONS] = (struct option){0};
}

static int add_force(struct arguments *a, const char *words)
{
	char *both = NULL;

	if (asprintf(&both, "%s%s%s", a->force ? a->force : "", a->force ? "," : "", words) < 0)
		abort();
	free(a->force);
	a->force = both;
	return -1;
}

static int set_lxcpath(struct arguments *a, const char *path)
{
	if (!*path)
		return refuse_usage(a, "-P needs a directory");
	free(a->lxcpath);
	a->lxcpath = absolute_lxcpath(path);
	return -1;
}

static int show_help(struct arguments *a, const char *argument)
{
	(void)a;
	(void)argument;
	print_help();
	return EXIT_OK;
}

static int show_usage(struct arguments *a, const char *argument)
{
	(void)a;
	(void)argument;
	print_usage(stdout);
	return EXIT_OK;
}

static int show_version(struct arguments *a, const char *argument)
{
	(void)a;
	(void)argument;
	printf("%s\n", lxc_checkpoint_version());
	return EXIT_OK;
}

static const struct option_text *option_of(int key)
{
	size_t i = 0;

	while (options[i].key != key)
		i++;
	return &options[i];
}

/* key: of one of the options. -1: continue; else the exit status. */
static int parse_option(struct arguments *a, int key)
{
	const struct option_text *o = option_of(key);

	switch (o->does) {
	case DOES_SET:
		*(bool *)((char *)a + o->flag) = true;
		break;
	case DOES_KEEP:
		*(const char **)((char *)a + o->text) = optarg;
		break;
	case DOES_ASK:
		a->asked |= o->asks;
		break;
	case DOES_CALL:
		return o->call(a, optarg);
	}
	return -1;
}

/*
 * Looks for --json before the options are parsed, so that earlier errors are printed as JSON too.
 */
static bool wants_json(char *const argv[])
{
	for (char *const *a = argv; *a && strcmp(*a, "--") != 0; a++)
		if (strlen(*a) > 2 && strncmp("--json", *a, strlen(*a)) == 0)
			return true;
	return false;
}

static int parse_options(struct arguments *a, int argc, char *argv[])
{
	struct option longs[N_OPTIONS + 1];
	char shorts[2 * N_OPTIONS + 2] = ":";
	int key, r = -1;

	getopt_tables(shorts + 1, longs);
	opterr = 0;
	while (r < 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == '?' && optopt == '?') {
			/*
			 * the lxc-* tools take -? for help; getopt returns it for unknown options
			 * too
			 */
			print_help();
			r = EXIT_OK;
		} else if (key == '?' || key == ':') {
			char *why = explain_option(key, argv, longs);

			r = refuse_usage(a, why);
			free(why);
		} else {
			r = parse_option(a, key);
		}
	}
	return r;
}

int arguments_parse(struct arguments *a, int argc, char *argv[])
{
	int r;

	a->json = wants_json(argv + 1);
	r = parse_options(a, argc, argv);
	if (r >= 0)
		return r;
	if (!a->name && optind < argc)
		a->name = argv[optind++];
	if (optind < argc) {
		char *why = NULL;

		if (asprintf(&why, "\"%s\" is one argument too many: the container is %s",
			     argv[optind], a->name) < 0)
			abort();
		r = refuse_usage(a, why);
		free(why);
	}
	return r;
}
