/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes the answers of lxc-checkpoint to stdout: one JSON object each with --json. A stdout that
 * does not take everything is a failure. Runs in lxc-checkpoint.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/answer.h"
#include "util/text.h"

void answer_begin(void)
{
	/* no file that is opened later may get these numbers, and be written to */
	static const char *const stand_ins[] = {"/dev/null", "/dev/full", "/dev/null"};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open(stand_ins[fd], O_RDWR | O_NOCTTY) < 0)
			exit(EXIT_FAILED);
	/* write() reports a reader that is gone */
	signal(SIGPIPE, SIG_IGN);
}

int answer_end(int status)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return status;
	fprintf(stderr, "lxc-checkpoint: cannot write the answer to stdout: %s\n", strerror(errno));
	return EXIT_FAILED;
}

json_t *answer_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	json_t *json;

	if (!copy)
		return json_null();
	make_lines_printable(copy);
	json = json_string(copy);
	free(copy);
	return json;
}

static const char *kind_of(int status)
{
	switch (status) {
	case EXIT_OK:
		return NULL;
	case EXIT_USAGE:
		return "usage";
	case EXIT_REFUSED:
		return "refused";
	default:
		return "failed";
	}
}

void answer_set_outcome(json_t *object, int status, const char *error, const char *hint)
{
	json_object_set_new(object, "kind", answer_text(kind_of(status)));
	json_object_set_new(object, "error", answer_text(error));
	json_object_set_new(object, "hint", answer_text(hint));
}

void answer_set_error_of(json_t *object, int status, struct lxc_container *c)
{
	const char *why = status == EXIT_OK ? NULL : lxc_checkpoint_reason(c);

	answer_set_outcome(object, status, why, why ? lxc_checkpoint_hint(c) : NULL);
}

void answer_print(json_t *object)
{
	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(object);
}

int status_of_error(int r)
{
	switch (r) {
	case 0:
		return EXIT_OK;
	case -LXC_CHECKPOINT_EFAILED:
		return EXIT_FAILED;
	case -LXC_CHECKPOINT_EINVAL:
		return EXIT_USAGE;
	default:
		return EXIT_REFUSED;
	}
}
