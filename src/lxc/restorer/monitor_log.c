/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Opens the monitor's log, as lxc-start would. Runs in the monitor, as root, on the host. */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "restorer/monitor_log.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

static const char *const levels[] = {
	[LOG_LEVEL_TRACE] = "TRACE",   [LOG_LEVEL_DEBUG] = "DEBUG", [LOG_LEVEL_INFO] = "INFO",
	[LOG_LEVEL_NOTICE] = "NOTICE", [LOG_LEVEL_WARN] = "WARN",   [LOG_LEVEL_ERROR] = "ERROR",
	[LOG_LEVEL_CRIT] = "CRIT",     [LOG_LEVEL_ALERT] = "ALERT", [LOG_LEVEL_FATAL] = "FATAL",
};

#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

static struct {
	const char *path; /* NULL: none is wanted */
	const char *container;
	enum log_level least;
	int fd; /* -1: not open yet */
} logging = {.fd = -1};

void log_setup(const struct restore_plan *p)
{
	logging.path = p->log_file;
	logging.container = p->name;
	logging.least = LOG_LEVEL_ERROR;
	for (size_t i = 0; p->log_level && i < N_LEVELS; i++)
		if (strcasecmp(p->log_level, levels[i]) == 0)
			logging.least = (enum log_level)i;
}

/*
 * The directory of a container with other users is its root's, as the host sees it: who has
 * got out of it could have a link there to any file.
 */
static bool is_in_others_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *directory =
		slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
	struct stat st;

	return stat(directory, &st) < 0 || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Nor may a FIFO that nobody reads hold up anything. */
static bool is_open(void)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (logging.fd < 0 && logging.path)
		logging.fd =
			open(logging.path,
			     flags | (is_in_others_directory(logging.path) ? O_NOFOLLOW : 0), 0640);
	return logging.fd >= 0;
}

/* "20261124181228.512", in UTC */
static void say_now(char *buf, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(buf, size, "%Y%m%d%H%M%S", &tm);
	snprintf(buf + n, size - n, ".%03ld", now.tv_nsec / 1000000);
}

/* "hooks - hooks.c:run_hook:130": the part of the program, and where in it */
static char *say_where(const char *file, const char *function, int line)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;

	return xasprintf("%.*s - %s:%s:%d", (int)strcspn(name, "."), name, name, function, line);
}

void log_write(enum log_level level, const char *file, const char *function, int line,
	       const char *fmt, ...)
{
	_cleanup_free_ char *where = NULL, *text = NULL;
	char now[32], *save = NULL;
	va_list args;

	if (level < logging.least || !is_open())
		return;
	va_start(args, fmt);
	text = xvasprintf(fmt, args);
	va_end(args);
	say_now(now, sizeof(now));
	where = say_where(file, function, line);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		_cleanup_free_ char *whole = NULL;

		make_printable(l);
		whole = xasprintf("lxc-checkpoint %s %s %-8s %s - %s\n", logging.container, now,
				  levels[level], where, l);

		/* in one piece: others may write to it too */
		if (write(logging.fd, whole, strlen(whole)) < 0)
			return;
	}
}

void log_error_object(const struct error *e)
{
	if (!e)
		return;
	log_at(LOG_LEVEL_ERROR, "%s", e->message ? e->message : "an unknown error");
	if (e->detail)
		log_at(LOG_LEVEL_ERROR, "%s", e->detail);
}
