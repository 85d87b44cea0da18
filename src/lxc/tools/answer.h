/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_ANSWER_H
#define LXCCKPT_TOOLS_ANSWER_H

/* The answers of the command on stdout, as text and as JSON. */

#include <jansson.h>

#include "lxccheckpoint.h"

/* Documented in the man page; scripts depend on them. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,  /* tried and failed: the container is as it was */
	EXIT_USAGE = 2,	  /* the command line makes no sense */
	EXIT_REFUSED = 3, /* a precondition does not hold: nothing was touched */
};

/* Call this first in the program: it makes a closed stdout one that cannot be written to. */
void answer_begin(void);

/*
 * Call this last: returns the exit status, which is EXIT_FAILED if stdout did not take everything.
 */
int answer_end(int status);

/* A text for JSON: UTF-8 without control characters; null for NULL. */
json_t *answer_text(const char *text);

/*
 * Adds the outcome, which every object has: "kind" is null or the meaning of the exit status,
 * "error" the reason, "hint" what to do. error and hint may be NULL.
 */
void answer_set_outcome(json_t *object, int status, const char *error, const char *hint);

/* The same from the library's error of c, which may be NULL. status EXIT_OK: no error. */
void answer_set_error_of(json_t *object, int status, struct lxc_container *c);

/* Prints the object, and frees it. */
void answer_print(json_t *object);

int status_of_error(int r);

#endif
