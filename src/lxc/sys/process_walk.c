/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The processes of a container, from init down, and their threads. Runs in the command, in the
 * monitor and in CRIU's keeper, as root on the host, while the processes stand or run; reads /proc
 * and changes nothing. A container can have very many: no recursion, and one directory open at a
 * time.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define LOOKS_MAX 3 /* how often to look for processes that were reparented upwards */
#define YOUNG_MS  1000

/* The processes of a walk, each once, in the order of discovery. */
struct tree {
	ino_t pid_namespace;
	struct found {
		pid_t pid;
		bool had_children;
	} *v;
	size_t n;
	struct map known;
	int64_t began_ms;
	unsigned long long began; /* as process_start_time() */
};

static void add_process(struct tree *t, pid_t pid)
{
	struct found *found;

	if (map_add(&t->known, (uint64_t)pid, 0)) {
		found = ARRAY_ADD(t->v, t->n);
		found->pid = pid;
	}
}

/* Parses "4711 4712 471"; returns how many digits at the end may belong to a longer number. */
static size_t add_numbers(struct tree *t, size_t i, const char *text, size_t len)
{
	pid_t pid = 0;
	size_t digits = 0;

	for (size_t k = 0; k < len; k++) {
		if (text[k] >= '0' && text[k] <= '9') {
			pid = pid * 10 + (text[k] - '0');
			digits++;
			continue;
		}
		if (digits)
			add_process(t, pid);
		t->v[i].had_children |= digits > 0;
		pid = 0;
		digits = 0;
	}
	return digits;
}

/*
 * Reads a page at a time, as much as the kernel returns: one thread may have millions of children.
 */
static void add_children_of(struct tree *t, size_t i, const char *tid)
{
	_cleanup_close_ int fd = -1;
	char path[64], page[4096];
	size_t kept = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)t->v[i].pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, page + kept, sizeof(page) - kept)) > 0) {
		const size_t len = kept + (size_t)n;

		kept = add_numbers(t, i, page, len);
		memmove(page, page + len - kept, kept);
	}
}

/* Most processes have one thread, whose ID is that of the process. */
static bool has_threads(pid_t pid)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	return stat(path, &st) == 0 && st.st_nlink != 3; /* ".", ".." and a directory a thread */
}

static void add_children(struct tree *t, size_t i)
{
	_cleanup_closedir_ DIR *task = NULL;
	char name[32];
	struct dirent *e;

	if (!has_threads(t->v[i].pid)) {
		snprintf(name, sizeof(name), "%d", (int)t->v[i].pid);
		add_children_of(t, i, name);
		return;
	}
	snprintf(name, sizeof(name), "/proc/%d/task", (int)t->v[i].pid);
	task = directory_at(AT_FDCWD, name);
	while (task && (e = readdir(task)))
		if (e->d_name[0] != '.')
			add_children_of(t, i, e->d_name);
}

static unsigned long long time_now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_BOOTTIME, &t);
	return ((unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000) *
	       (unsigned long long)sysconf(_SC_CLK_TCK) / 1000;
}

/*
 * Processes that go on having children and dying could be followed for as long as they like: a walk
 * that takes long passes over those that have begun since.
 */
static bool is_too_young(const struct tree *t, pid_t pid)
{
	return monotonic_ms() - t->began_ms > YOUNG_MS && process_start_time(pid) > t->began;
}

/* Ignores processes in a PID namespace below, and their children, which are there too. */
static int visit_from(struct tree *t, size_t first, int (*fn)(pid_t pid, void *userdata),
		      void *userdata)
{
	int r = 0;

	for (size_t i = first; r == 0 && i < t->n; i++)
		if (process_is_in(t->v[i].pid, t->pid_namespace) && !is_too_young(t, t->v[i].pid)) {
			r = fn(t->v[i].pid, userdata);
			add_children(t, i);
		}
	return r;
}

/*
 * The children of a parent that exits become children of a process above it, which the walk may
 * have visited already. A process without children gets none this way.
 */
static bool look_again(struct tree *t)
{
	const size_t before = t->n;

	for (size_t i = 0; i < before; i++)
		if (t->v[i].had_children)
			add_children(t, i);
	return t->n > before;
}

int for_each_process(pid_t init, int (*fn)(pid_t pid, void *userdata), void *userdata)
{
	struct tree t = {
		.pid_namespace = process_pid_namespace(init),
		.began_ms = monotonic_ms(),
		.began = time_now(),
	};
	size_t first = 0;
	int r = 0;

	add_process(&t, init);
	for (int looks = 0; r == 0 && looks < LOOKS_MAX; looks++) {
		r = visit_from(&t, first, fn, userdata);
		first = t.n;
		if (r == 0 && !look_again(&t))
			break;
	}
	map_clear(&t.known);
	free(t.v);
	return r;
}

struct thread_walk {
	int (*fn)(pid_t pid, pid_t tid, void *userdata);
	void *userdata;
};

static int walk_threads(pid_t pid, void *userdata)
{
	const struct thread_walk *w = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", (int)pid);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int r = 0;

	if (!has_threads(pid))
		return w->fn(pid, pid, w->userdata);
	dir = directory_at(AT_FDCWD, path);
	while (r == 0 && dir && (e = readdir(dir))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0)
			r = w->fn(pid, tid, w->userdata);
	}
	return r;
}

int for_each_thread_of(pid_t pid, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata)
{
	struct thread_walk w = {fn, userdata};

	return walk_threads(pid, &w);
}

int for_each_thread(pid_t init, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata)
{
	struct thread_walk w = {fn, userdata};

	return for_each_process(init, walk_threads, &w);
}
