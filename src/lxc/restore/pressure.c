/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Pressure stall triggers. The kernel does not tell what was written to a
 * pressure file, but those who wait on one follow systemd: the services that
 * it starts have their trigger in $MEMORY_PRESSURE_WRITE, and it itself, and
 * everything that is made with its event loop, uses the one below.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restore/restore.h"
#include "util/base64.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#define USUAL_TRIGGER "some 200000 2000000"
#define ENVIRON_MAX   (4 * 1024 * 1024)
#define FDINFO_MAX    (4 * 1024 * 1024)

struct target {
	pid_t pid;
	int pidfd;
	int dir; /* its /proc directory */
};

static int copy_fd(const struct target *t, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, t->pidfd, fd, 0);
}

static bool is_pressure_file(const char *path)
{
	size_t len = strlen(path), end = strlen(".pressure");

	return (len > end && strcmp(path + len - end, ".pressure") == 0) ||
	       strncmp(path, "/proc/pressure/", strlen("/proc/pressure/")) == 0;
}

static bool read_link(int dir, int fd, char *path, size_t size)
{
	char name[32];
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", fd);
	n = readlinkat(dir, name, path, size - 1);
	if (n < 0 || (size_t)n >= size)
		return false;
	path[n] = '\0';
	return true;
}

/* A trigger belongs to a file that can be written to. */
static bool is_trigger(const struct target *t, int fd)
{
	char path[4096], name[32];
	struct stat st;

	snprintf(name, sizeof(name), "fd/%d", fd);
	return read_link(t->dir, fd, path, sizeof(path)) && is_pressure_file(path) &&
	       /* the link's own mode says how it is open */
	       fstatat(t->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 0200);
}

/* The value of a variable in the text of /proc/PID/environ, or NULL. */
static const char *environ_value(const char *text, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p < text + len; p += strlen(p) + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	return NULL;
}

/* What to write there. Caller frees. */
static char *find_trigger(const struct target *t, int fd)
{
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(t->dir, "environ", ENVIRON_MAX, &text);
	const char *watch =
		len > 0 ? environ_value(text, (size_t)len, "MEMORY_PRESSURE_WATCH") : NULL;
	const char *write =
		len > 0 ? environ_value(text, (size_t)len, "MEMORY_PRESSURE_WRITE") : NULL;
	char path[4096];

	if (watch && write && read_link(t->dir, fd, path, sizeof(path)) &&
	    strcmp(path, watch) == 0) {
		size_t n;
		char *trigger = base64_decode(write, &n);

		if (trigger)
			return trigger;
	}
	return xstrdup(USUAL_TRIGGER);
}

/* Calls fn for each descriptor of the process. */
static void for_each_fd(const struct target *t, void (*fn)(const struct target *t, int fd, void *),
			void *userdata)
{
	_cleanup_closedir_ DIR *fds = directory_at(t->dir, "fd");
	struct dirent *e;

	while (fds && (e = readdir(fds)))
		if (e->d_name[0] != '.')
			fn(t, (int)strtol(e->d_name, NULL, 10), userdata);
}

/* An epoll that watches a file, and what it watches for. */
struct watch {
	int epoll; /* our copy of it */
	struct epoll_event event;
};

struct watches {
	int file; /* its number in the process */
	struct watch *v;
	size_t n;
};

/* "tfd:   5 events:   19 data:   5": each is there on every line */
static unsigned long long number_behind(const char *line, const char *word, int base)
{
	const char *p = strstr(line, word);

	return p ? strtoull(p + strlen(word), NULL, base) : 0;
}

static void add_watch(const struct target *t, int fd, void *userdata)
{
	struct watches *w = userdata;
	_cleanup_free_ char *text = NULL;
	char path[64], name[32];

	if (!read_link(t->dir, fd, path, sizeof(path)) ||
	    strcmp(path, "anon_inode:[eventpoll]") != 0)
		return;
	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (read_file_at(t->dir, name, FDINFO_MAX, &text) <= 0)
		return;
	for (const char *l = text; (l = strstr(l, "tfd:")); l++) {
		int epoll;

		if (number_behind(l, "tfd:", 10) != (unsigned long long)w->file)
			continue;
		epoll = copy_fd(t, fd);
		if (epoll < 0)
			return;
		*ARRAY_ADD(w->v, w->n) = (struct watch){
			.epoll = epoll,
			.event = {.events = (uint32_t)number_behind(l, "events:", 16),
				  .data.u64 = number_behind(l, "data:", 16)},
		};
	}
}

static void raise_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/*
 * An epoll knows what it watches by the file and its number in the process, so
 * the copy has to have that number here. And it asks a file to wake it only
 * when the file is added: with the trigger set later it would never be woken.
 */
static void rearm(const struct target *t, int number)
{
	_cleanup_free_ char *trigger = find_trigger(t, number);
	struct watches w = {.file = number};
	int fd;

	raise_file_limit();
	for_each_fd(t, add_watch, &w);
	fd = copy_fd(t, number);
	for (size_t i = 0; i < w.n && fd >= 0; i++)
		if (w.v[i].epoll == number)
			w.v[i].epoll = dup(number);
	if (fd < 0 || dup2(fd, number) < 0)
		return;
	for (size_t i = 0; i < w.n; i++)
		epoll_ctl(w.v[i].epoll, EPOLL_CTL_DEL, number, NULL);
	/* with the byte at its end, as systemd does; EBUSY: there is one */
	if (write(number, trigger, strlen(trigger) + 1) < 0 && errno != EBUSY)
		dprintf(STDERR_FILENO, "cannot set the pressure trigger of process %d: %s\n",
			(int)t->pid, strerror(errno));
	for (size_t i = 0; i < w.n; i++)
		epoll_ctl(w.v[i].epoll, EPOLL_CTL_ADD, number, &w.v[i].event);
}

static void rearm_if_trigger(const struct target *t, int fd, void *userdata)
{
	pid_t pid;

	(void)userdata;
	if (!is_trigger(t, fd))
		return;
	/* in a process of its own, where every number is free */
	pid = fork();
	if (pid == 0) {
		rearm(t, fd);
		_exit(EXIT_SUCCESS);
	}
	if (pid > 0)
		wait_status(pid);
}

static int rearm_process(pid_t pid, void *userdata)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)pid);
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	const struct target t = {.pid = pid, .pidfd = pidfd, .dir = dir};

	(void)userdata;
	if (dir >= 0 && pidfd >= 0)
		for_each_fd(&t, rearm_if_trigger, NULL);
	return 0;
}

void pressure_rearm(pid_t init)
{
	for_each_process(init, rearm_process, NULL);
}
