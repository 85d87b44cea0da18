/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Options that are none, and what they are with other tools. Part of lxc-checkpoint's parser. */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "tools/unknown.h"
#include "util/mem.h"

/* Those of LXC's lxc-checkpoint and of CRIU that are not ours. */
static const struct {
	char letter; /* 0: none */
	const char *name, *why;
} of_others[] = {
	{'p', "pre-dump",
	 "pre-dumps are not supported: a checkpoint always has all of the memory, and comes to an "
	 "end in one go"},
	{0, "predump-dir",
	 "a checkpoint on top of a pre-dump is not supported: a checkpoint always has all of the "
	 "memory"},
	{'R', "leave-running", "that is the default: only -s stops the container"},
	{0, "tcp-established", "that is always so: connections are saved and restored"},
	{0, "page-server", "pages are not sent to another machine: copy the directory afterwards"},
};

static bool is_it(size_t i, char letter, const char *argument)
{
	const char *name = of_others[i].name;
	size_t len = strlen(name);

	if (letter)
		return letter == of_others[i].letter;
	return strncmp(argument, "--", 2) == 0 && strncmp(argument + 2, name, len) == 0 &&
	       (argument[2 + len] == '\0' || argument[2 + len] == '=');
}

char *explain_option(int key, char *const argv[])
{
	/* getopt has gone past a long option, but not always past a group of short ones */
	const char *argument = argv[optind - 1];
	char letter = optopt > 0 && optopt < 0x80 ? (char)optopt : '\0';
	char option[3] = {'-', letter, '\0'};
	const char *shown = letter && strncmp(argument, "--", 2) != 0 ? option : argument;

	if (key == ':')
		return xasprintf("%s needs an argument", shown);
	/* a known long option with a "=" that takes none */
	if (strncmp(argument, "--", 2) == 0 && optopt != 0)
		return xasprintf("%s: this option takes no argument", argument);
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		if (is_it(i, letter, argument))
			return xasprintf("there is no option %s here: %s", shown, of_others[i].why);
	return xasprintf("there is no option %s here", shown);
}
