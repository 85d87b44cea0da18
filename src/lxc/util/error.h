/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_ERROR_H
#define LXCCKPT_UTIL_ERROR_H

/*
 * One error object travels from the failure to the code that tells the user. It holds a chain of
 * contexts (outermost first), CRIU's own words, a hint, and the path of the full log.
 *
 * Convention: int f(..., T *ret_x, struct error **reterr) returns 0 or -errno; ret_ arguments are
 * untouched on failure; reterr may be NULL.
 */

#include <errno.h>
#include <stdbool.h>

/* A caller that does not look at the result would take a failure for a success. */
#define _must_check_ __attribute__((warn_unused_result))

/* For the result of an attempt that has no consequence when it fails. */
static inline void ignore_result(int r)
{
	(void)r;
}

struct error {
	int err;       /* positive errno */
	bool refused;  /* a precondition does not hold; nothing was changed */
	bool passing;  /* it held at that moment: another attempt may succeed */
	bool racing;   /* processes came and went meanwhile: another attempt may succeed with frozen
			  processes */
	char *message; /* "outer context: inner cause" */
	char *detail;  /* decisive lines of CRIU's log, '\n' between them; may be NULL */
	char *hint;    /* what to do; may be NULL */
	char *log;     /* path of the full log; may be NULL */
};

/* Makes the error. Returns -err, so that callers can `return error_set(...)`. */
int error_set(struct error **reterr, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like error_set(), for a precondition that does not hold: nothing was changed. */
int error_refuse(struct error **reterr, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like error_set(), with ": strerror(errno)" after the text. Returns -errno. */
int error_errno(struct error **reterr, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prepends context to the message. Returns -(*reterr)->err, or -err_fallback if there is none. */
int error_wrap(struct error **reterr, int err_fallback, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Moves *from, which is then NULL. Returns its -err. If there is none, makes an error from
 * err_fallback alone.
 */
int error_move(struct error **reterr, struct error **from, int err_fallback);

/* Sets whether nothing was changed, which only the failed flow knows. Returns r. */
int error_mark_refused(struct error **reterr, bool refused, int r);

/* Each replaces the old value; a NULL or empty error stays as it is. */
void error_set_detail(struct error **reterr, const char *detail);
void error_set_hint(struct error **reterr, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void error_set_log(struct error **reterr, const char *path);

/* Formats the whole error as several lines, without a newline at the end. Caller frees. */
char *error_format(const struct error *e);

void error_free(struct error *e);

static inline void error_freep(struct error **e)
{
	error_free(*e);
	*e = 0;
}
#define _cleanup_error_ __attribute__((cleanup(error_freep)))

#endif
