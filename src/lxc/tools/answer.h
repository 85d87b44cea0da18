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

/* First of all in the program: a stdout that is closed is one that cannot be written to. */
void answer_begin(void);

/* Last of all: the exit status, which is EXIT_FAILED where stdout did not take everything. */
int answer_end(int status);

/* As JSON can have it: UTF-8 without control characters; null for NULL. */
json_t *answer_text(const char *text);

/*
 * Every object says how it came out: "kind" is null, or what the exit status stands for, "error"
 * the reason, "hint" what to do. error and hint may be NULL.
 */
void answer_set_outcome(json_t *object, int status, const char *error, const char *hint);

/* The same of what the library has said of c, which may be NULL. status EXIT_OK: nothing. */
void answer_set_error_of(json_t *object, int status, struct lxc_container *c);

/* Prints the object, and frees it. */
void answer_print(json_t *object);

int status_of_error(int r);

#endif
