/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes commands down for the messages of the flows. Runs in the caller's process, changes
 * nothing. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "flow/suggest.h"
#include "util/mem.h"
#include "util/text.h"

/* " -D /srv/web" behind the rest. */
static void add_option(char **command, const char *option, const char *value)
{
	_cleanup_free_ char *word = shell_word(value);

	str_append(command, " %s %s", option, word);
}

char *container_words(struct lxc_container *c)
{
	const char *usual = lxc_get_global_config_item("lxc.lxcpath");
	const char *lxcpath = c->get_config_path(c);
	_cleanup_free_ char *name = shell_word(c->name);
	char *words = NULL;

	if (!usual || strcmp(usual, lxcpath) != 0) {
		_cleanup_free_ char *path = shell_word(lxcpath);

		words = xasprintf("-P %s ", path);
	}
	str_append(&words, "-n %s", name);
	return words;
}

static bool has_own_config(struct lxc_container *c)
{
	_cleanup_free_ char *usual = xasprintf("%s/%s/config", c->get_config_path(c), c->name);

	return !c->configfile || strcmp(c->configfile, usual) == 0;
}

static bool is_usual_directory(struct lxc_container *c, const char *directory)
{
	_cleanup_free_ char *usual = xasprintf("%s/%s/checkpoint", c->get_config_path(c), c->name);

	return !directory || !*directory || strcmp(directory, usual) == 0;
}

char *check_command(struct lxc_container *c, const struct asked *asked)
{
	_cleanup_free_ char *words = container_words(c);
	char *command =
		xasprintf("lxc-checkpoint%s --check %s%s%s", asked->restore ? " -r" : "", words,
			  asked->stop ? " -s" : "", asked->replace ? " --replace" : "");

	if (asked->drop_outside)
		str_append(&command, " --drop-outside");
	if (!is_usual_directory(c, asked->directory))
		add_option(&command, "-D", asked->directory);
	if (asked->force)
		str_append(&command, " --force=%s", asked->force);
	if (!has_own_config(c))
		add_option(&command, "--rcfile", c->configfile);
	return command;
}
