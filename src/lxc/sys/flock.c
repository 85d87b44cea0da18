/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the process that holds a flock(), in /proc/locks. Runs in the command, in the host's PID
 * namespace.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/flock.h"
#include "sys/process.h"
#include "sys/process_fields.h"
#include "util/fd.h"
#include "util/mem.h"

#define LOCKS_MAX (16 * 1024 * 1024)

/* "3: FLOCK  ADVISORY  WRITE 4711 00:2f:123 0 EOF"; a waiting lock has "->" before FLOCK */
struct flock_holder flock_holder_parse(const char *locks, dev_t dev, ino_t ino)
{
	_cleanup_free_ char *wanted =
		xasprintf("%02x:%02x:%ju", major(dev), minor(dev), (uintmax_t)ino);

	for (const char *line = locks; line && *line; line = strchr(line, '\n')) {
		char kind[8], pid[16], file[64];
		long n;

		line += *line == '\n';
		if (sscanf(line, "%*[0-9]: FLOCK %*s %7s %15s %63s", kind, pid, file) != 3)
			continue;
		n = strtol(pid, NULL, 10);
		if (n > 0 && strcmp(file, wanted) == 0)
			return (struct flock_holder){.pid = (pid_t)n,
						     .shared = strcmp(kind, "READ") == 0};
	}
	return (struct flock_holder){0};
}

static time_t boot_time(void)
{
	_cleanup_free_ char *text = NULL;
	const char *p;

	if (read_file_at(AT_FDCWD, "/proc/stat", LOCKS_MAX, &text) <= 0)
		return 0;
	p = strstr(text, "\nbtime ");
	return p ? (time_t)strtoll(p + strlen("\nbtime "), NULL, 10) : 0;
}

static void read_process(struct flock_holder *h)
{
	_cleanup_free_ char *stat = process_text(h->pid, "stat");
	_cleanup_free_ char *name = process_stat_name(stat);
	const long long start = process_stat_number(stat, PROCESS_STAT_START);
	const time_t boot = boot_time();

	if (!name)
		return;
	snprintf(h->command, sizeof(h->command), "%s", name);
	if (boot > 0)
		h->since = boot + (time_t)(start / sysconf(_SC_CLK_TCK));
}

struct flock_holder flock_holder(int fd)
{
	_cleanup_free_ char *locks = NULL;
	struct flock_holder h = {0};
	struct stat st;

	if (fstat(fd, &st) < 0 || read_file_at(AT_FDCWD, "/proc/locks", LOCKS_MAX, &locks) <= 0)
		return h;
	h = flock_holder_parse(locks, st.st_dev, st.st_ino);
	if (h.pid > 0)
		read_process(&h);
	return h;
}

char *local_time_text(time_t t)
{
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	return xstrdup(text);
}
