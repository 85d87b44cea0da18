/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_ERROR_H
#define LXCCKPT_UTIL_ERROR_H

/*
 * One error object travels from where something failed to whoever tells the
 * user. It carries a chain of context (outermost first), what CRIU itself
 * said, a hint what to do, and where the full log is.
 *
 * Convention: int f(..., T *ret_x, struct error **reterr) returns 0 or
 * -errno; ret_ arguments are untouched on failure; reterr may be NULL.
 */

#include <errno.h>
#include <stdbool.h>

struct error {
	int err;       /* positive errno */
	bool refused;  /* nothing was touched: a precondition does not hold */
	bool passing;  /* it was in the way at that moment: another try may succeed */
	bool racing;   /* processes came and went meanwhile: the same, once they are frozen */
	char *message; /* "outer context: inner cause" */
	char *detail;  /* decisive lines of CRIU's log, '\n' between them; may be NULL */
	char *hint;    /* what to do about it; may be NULL */
	char *log;     /* path of the full log; may be NULL */
};

/* Makes the error. Returns -err, so that callers can `return error_set(...)`. */
int error_set(struct error **reterr, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, for a precondition that does not hold: nothing was changed. */
int error_refuse(struct error **reterr, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set with ": strerror(errno)" behind the text. Returns -errno. */
int error_errno(struct error **reterr, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts context in front of the message. Returns -(*reterr)->err, or -err_fallback without one. */
int error_wrap(struct error **reterr, int err_fallback, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Hands *from on, which is then NULL. Returns -err of it; where there is none,
 * an error with nothing but err_fallback is made.
 */
int error_move(struct error **reterr, struct error **from, int err_fallback);

/* Whether nothing was changed, which only the flow that has failed knows. Returns r. */
int error_mark_refused(struct error **reterr, bool refused, int r);

/* Each replaces what was there; a NULL or empty error is left alone. */
void error_set_detail(struct error **reterr, const char *detail);
void error_set_hint(struct error **reterr, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void error_set_log(struct error **reterr, const char *path);

/* The whole error as text of several lines, without a newline at the end. Caller frees. */
char *error_format(const struct error *e);

void error_free(struct error *e);

static inline void error_freep(struct error **e)
{
	error_free(*e);
	*e = 0;
}
#define _cleanup_error_ __attribute__((cleanup(error_freep)))

#endif
