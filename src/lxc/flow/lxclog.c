/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes errors to where programs that were built before this library look for them. Runs in the
 * caller's process, as root. Failures to write are ignored: the library returns the error too.
 */
#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "flow/lxclog.h"
#include "inspect/settings.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

/* "20261124181228.512", in UTC, as LXC has it */
static char *now_text(void)
{
	struct timespec now;
	char text[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y%m%d%H%M%S", &tm);
	return xasprintf("%s.%03ld", text, now.tv_nsec / 1000000);
}

/*
 * The container's own log, else the program's: liblxc has that in a variable, which a program
 * that liblxc is built into has too. A copy; -1: there is none.
 */
static int open_log(const char *file)
{
	const int *of_program = dlsym(RTLD_DEFAULT, "lxc_log_fd");

	if (file && strcmp(file, "none") != 0)
		return open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			    0640);
	return of_program && *of_program >= 0 ? fcntl(*of_program, F_DUPFD_CLOEXEC, 3) : -1;
}

static void write_line(int fd, const char *name, const char *level, const char *text, size_t len)
{
	_cleanup_free_ char *now = now_text();
	_cleanup_free_ char *shown = xstrndup(text, len);
	_cleanup_free_ char *line = NULL;

	make_printable(shown);
	line = xasprintf("lxc-checkpoint %s %s %-8s checkpoint - lxclog.c:%s:%d - %s\n", name, now,
			 level, __func__, __LINE__, shown);
	/* in one write(): others may write to it too */
	if (write(fd, line, strlen(line)) < 0)
		return;
}

static void write_lines(struct lxc_container *c, const char *file, const char *level,
			const char *text)
{
	_cleanup_close_ int fd = open_log(file);

	while (fd >= 0 && *text) {
		size_t len = strcspn(text, "\n");

		write_line(fd, c->name, level, text, len);
		text += len + (text[len] == '\n');
	}
}

static void write_read(struct lxc_container *c, const char *level, const char *text)
{
	_cleanup_settings_ struct settings settings = {0};

	settings_read(c, &settings);
	write_lines(c, settings_get(&settings, "lxc.log.file"), level, text);
}

void lxclog_failure(struct lxc_container *c, const struct error *e)
{
	_cleanup_free_ char *text = e ? error_format(e) : NULL;

	if (text)
		write_read(c, "ERROR", text);
}

void lxclog_again(struct lxc_container *c, const struct error *e)
{
	_cleanup_free_ char *text = xasprintf("%s; trying again%s%s", e->message,
					      e->detail ? "\n" : "", e->detail ? e->detail : "");

	write_read(c, "WARN", text);
}

void lxclog_finding(struct lxc_container *c, const char *file, const struct finding *f)
{
	_cleanup_free_ char *text =
		f->pid ? xasprintf("process %d (%s) %s", (int)f->pid, f->process, f->reason)
		       : xstrdup(f->reason);

	if (!f->note)
		write_lines(c, file, "WARN", text);
}

void criu_log_reason(int dirfd, const char *log_file, const struct error *e)
{
	_cleanup_close_ int fd =
		openat(dirfd, log_file,
		       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	_cleanup_free_ char *reason = e && e->message ? xstrdup(e->message) : NULL;
	_cleanup_free_ char *line = NULL;

	if (fd < 0 || !reason)
		return;
	if (e->hint)
		str_append(&reason, "; hint: %s", e->hint);
	make_printable(reason);
	line = xasprintf("Error (lxc-checkpoint): %s\n", reason);
	(void)write_all(fd, line, strlen(line));
}
