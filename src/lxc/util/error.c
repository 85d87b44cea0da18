/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The error object: makes it, adds context to it, and prints it as text. Runs in any process, and
 * does no I/O.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/mem.h"
#include "util/text.h"

__attribute__((format(printf, 3, 0))) static struct error *error_make(int err, bool refused,
								      const char *fmt, va_list ap)
{
	struct error *e = xcalloc(1, sizeof(*e));

	e->err = err;
	e->refused = refused;
	e->message = xvasprintf(fmt, ap);
	return e;
}

static void error_store(struct error **reterr, struct error *e)
{
	if (!reterr) {
		error_free(e);
		return;
	}
	error_free(*reterr);
	*reterr = e;
}

int error_set(struct error **reterr, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_store(reterr, error_make(err, false, fmt, ap));
	va_end(ap);
	return -err;
}

int error_refuse(struct error **reterr, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_store(reterr, error_make(err, true, fmt, ap));
	va_end(ap);
	return -err;
}

int error_errno(struct error **reterr, const char *fmt, ...)
{
	int err = errno ? errno : EIO;
	struct error *e;
	va_list ap;

	va_start(ap, fmt);
	e = error_make(err, false, fmt, ap);
	va_end(ap);
	str_append(&e->message, ": %s", strerror(err));
	error_store(reterr, e);
	return -err;
}

int error_wrap(struct error **reterr, int err_fallback, const char *fmt, ...)
{
	char *context, *message;
	va_list ap;

	if (!reterr)
		return -err_fallback;

	va_start(ap, fmt);
	context = xvasprintf(fmt, ap);
	va_end(ap);
	if (!*reterr) {
		*reterr = xcalloc(1, sizeof(**reterr));
		(*reterr)->err = err_fallback;
		(*reterr)->message = xasprintf("%s: %s", context, strerror(err_fallback));
		free(context);
		return -err_fallback;
	}
	message = xasprintf("%s: %s", context, (*reterr)->message);
	free(context);
	free((*reterr)->message);
	(*reterr)->message = message;
	return -(*reterr)->err;
}

int error_move(struct error **reterr, struct error **from, int err_fallback)
{
	struct error *e = TAKE_PTR(*from);
	int err;

	if (!e)
		return error_set(reterr, err_fallback, "%s", strerror(err_fallback));
	err = e->err;
	error_store(reterr, e);
	return -err;
}

int error_mark_refused(struct error **reterr, bool refused, int r)
{
	if (reterr && *reterr)
		(*reterr)->refused = refused;
	return r;
}

void error_set_detail(struct error **reterr, const char *detail)
{
	if (!reterr || !*reterr)
		return;
	free((*reterr)->detail);
	(*reterr)->detail = detail && *detail ? xstrdup(detail) : NULL;
}

void error_set_hint(struct error **reterr, const char *fmt, ...)
{
	va_list ap;

	if (!reterr || !*reterr)
		return;
	free((*reterr)->hint);
	va_start(ap, fmt);
	(*reterr)->hint = xvasprintf(fmt, ap);
	va_end(ap);
}

void error_set_log(struct error **reterr, const char *path)
{
	if (!reterr || !*reterr)
		return;
	free((*reterr)->log);
	(*reterr)->log = path ? xstrdup(path) : NULL;
}

/* A name from a container must not begin a line of its own. */
static void add_line(char **text, const char *label, const char *value, size_t len)
{
	_cleanup_free_ char *line = xstrndup(value, len);

	make_printable(line);
	str_append(text, "%s%s", label, line);
}

char *error_format(const struct error *e)
{
	const char *message = e->message ? e->message : strerror(e->err);
	char *text = NULL;

	add_line(&text, "", message, strlen(message));

	if (e->detail) {
		const char *line = e->detail;

		while (*line) {
			size_t len = strcspn(line, "\n");

			add_line(&text, "\n  CRIU: ", line, len);
			line += len + (line[len] == '\n');
		}
	}
	if (e->hint)
		add_line(&text, "\n  hint: ", e->hint, strlen(e->hint));
	if (e->log)
		add_line(&text, "\n  log:  ", e->log, strlen(e->log));
	return text;
}

void error_free(struct error *e)
{
	if (!e)
		return;
	free(e->message);
	free(e->detail);
	free(e->hint);
	free(e->log);
	free(e);
}
