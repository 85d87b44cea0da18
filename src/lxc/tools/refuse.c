/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Prints that lxc-checkpoint refuses: on stderr, and as JSON if that is asked for. Runs in
 * lxc-checkpoint.
 */
#include "config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/answer.h"
#include "tools/info.h"
#include "tools/refuse.h"
#include "tools/show_findings.h"
#include "util/mem.h"
#include "util/text.h"

void complain(const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	make_lines_printable(text);
	fprintf(stderr, "lxc-checkpoint: %s\n", text);
}

/*
 * With --json, stdout always has one object, here the one of a refusal. The reason is also on
 * stderr as text.
 */
static void print_failure(const struct arguments *a, int status, const char *error,
			  const char *hint)
{
	enum verb verb = arguments_verb(a);
	json_t *o;

	if (!a->json)
		return;
	o = json_object();
	if (verb_is_check(verb))
		check_describe(o, a->name, verb == VERB_CHECK_RESTORE);
	else if (verb == VERB_INFO)
		info_describe(o, a->directory);
	else if (verb == VERB_VERIFY)
		info_describe_verified(o, a->directory);
	answer_set_outcome(o, status, error, hint);
	answer_print(o);
}

int refuse_usage(const struct arguments *a, const char *why)
{
	complain("%s", why);
	print_usage(stderr);
	print_failure(a, EXIT_USAGE, why, NULL);
	return EXIT_USAGE;
}

int refuse(const struct arguments *a, const char *hint, const char *fmt, ...)
{
	char *why = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (!a->quiet && hint)
		complain("%s\n  hint: %s", why, hint);
	else if (!a->quiet)
		complain("%s", why);
	print_failure(a, EXIT_REFUSED, why, hint);
	free(why);
	return EXIT_REFUSED;
}
