/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Explains unknown options, among them those of other tools. Pure; part of lxc-checkpoint's parser.
 */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "tools/unknown.h"
#include "util/mem.h"

/* Options of LXC's lxc-checkpoint and of CRIU that this command lacks. */
static const struct {
	char letter; /* 0: none */
	const char *name, *why;
} of_others[] = {
	{'p', "pre-dump",
	 "pre-dumps are not supported: a checkpoint always contains the whole memory"},
	{0, "predump-dir",
	 "a checkpoint on top of a pre-dump is not supported: a checkpoint always contains the "
	 "whole memory"},
	{'R', "leave-running", "that is the default: only -s stops the container"},
	{0, "tcp-established", "connections are always saved and restored"},
	{0, "page-server", "pages are not sent to another machine: copy the directory afterwards"},
};

/* The name behind "--" of a long option, without its "=" and what follows. */
static size_t name_length(const char *argument)
{
	return strcspn(argument + 2, "=");
}

static bool is_it(size_t i, char letter, const char *argument)
{
	const char *name = of_others[i].name;
	size_t len = strlen(name);

	if (letter)
		return letter == of_others[i].letter;
	return len == name_length(argument) && strncmp(argument + 2, name, len) == 0;
}

static const struct option *find_key(const struct option *longs, int key)
{
	for (const struct option *o = longs; o->name; o++)
		if (o->val == key)
			return o;
	return NULL;
}

/* "--verbose, --version, --verify": the options that an abbreviation may stand for. */
static char *candidates(const struct option *longs, const char *argument)
{
	char *list = NULL;

	for (const struct option *o = longs; o->name; o++) {
		if (strncmp(o->name, argument + 2, name_length(argument)) != 0)
			continue;
		if (!list)
			list = xstrdup("");
		str_append(&list, "%s--%s", *list ? ", " : "", o->name);
	}
	return list;
}

/*
 * The group of short options that has the letter. getopt goes past a group with its last letter
 * alone: the argument before optind is another one until then.
 */
static const char *group_of(char *const argv[], int letter)
{
	const char *next = argv[optind], *last = argv[optind - 1];
	size_t len = strlen(last);

	if (len > 1 && strncmp(last, "--", 2) != 0 && *last == '-' && last[len - 1] == (char)letter)
		return last;
	return next ? next : last;
}

static char *explain_letter(char *const argv[], const struct option *longs, int letter)
{
	const char *group = group_of(argv, letter);
	_cleanup_free_ char *shown =
		letter > 0 && letter < 0x80 ? xasprintf("-%c", letter) : xstrdup(group);

	for (const struct option *o = longs; o->name; o++)
		if (strcmp(group + 1, o->name) == 0)
			return xasprintf("there is no option %s here: did you mean -%s?", group,
					 group);
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		if (is_it(i, (char)letter, group))
			return xasprintf("there is no option %s here: %s", shown, of_others[i].why);
	return xasprintf("there is no option %s here", shown);
}

static char *explain_word(const struct option *longs, const char *argument)
{
	_cleanup_free_ char *list = candidates(longs, argument);

	if (list)
		return xasprintf("%s is ambiguous: it may be one of %s", argument, list);
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		if (is_it(i, '\0', argument))
			return xasprintf("there is no option %s here: %s", argument,
					 of_others[i].why);
	return xasprintf("there is no option %s here", argument);
}

char *explain_option(int key, char *const argv[], const struct option *longs)
{
	const char *argument = argv[optind - 1];

	if (key == ':')
		return strncmp(argument, "--", 2) == 0 ? xasprintf("%s needs an argument", argument)
						       : xasprintf("-%c needs an argument", optopt);
	if (optopt == 0)
		return explain_word(longs, argument);
	/* getopt knows the option, so that only a "=" can be wrong, which long ones have */
	if (find_key(longs, optopt))
		return xasprintf("%s: this option takes no argument", argument);
	return explain_letter(argv, longs, optopt);
}
