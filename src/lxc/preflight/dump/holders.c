/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the processes that have an end of a pipe, a FIFO or a pair of sockets open: once more in
 * the container, whose processes run and pass descriptors on while they are listed, and on the
 * host, to name them. Runs before a dump, in the caller's process, as root, in the host's
 * namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define COMM_MAX    64
#define LOOKS	    3
#define PAUSE_NS    20000000 /* the time that a shell needs to set a pipeline up */
#define HOST_MS	    500	     /* for a look at all processes of the host */
#define ACCESS_BOTH (ACCESS_READ | ACCESS_WRITE)

unsigned int access_of(const char *info)
{
	const long long flags = field_number(info, "flags", 8);

	if (flags & O_PATH)
		return 0;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return ACCESS_READ;
	case O_WRONLY:
		return ACCESS_WRITE;
	default:
		return ACCESS_BOTH;
	}
}

static uint64_t key_of(const struct statx *st)
{
	return sought_key(makedev(st->stx_dev_major, st->stx_dev_minor), st->stx_ino);
}

/* Calls fn for each that is found in a process, with what it may do there. */
struct look {
	struct sought *v;
	struct map by_key; /* of v */
	void (*fn)(struct sought *found, pid_t pid, unsigned int access);
	int64_t until; /* 0: without a limit */
};

static void look_at(struct look *l, const struct open_file *f, pid_t pid)
{
	_cleanup_free_ char *info = NULL;
	size_t i;

	if (!map_get(&l->by_key, key_of(&f->st), &i))
		return;
	info = open_file_info(f);
	if (info)
		l->fn(&l->v[i], pid, access_of(info));
}

static int look_into(pid_t pid, void *userdata)
{
	const struct process process = {.pid = pid};
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct look *l = userdata;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct open_file f = {.process = &process, .dir = dirfd(dir), .name = e->d_name};

		if (l->until && monotonic_ms() > l->until)
			return 1;
		if (*e->d_name != '.' && open_file_look(&f) &&
		    (S_ISFIFO(f.st.stx_mode) || S_ISSOCK(f.st.stx_mode)))
			look_at(l, &f, pid);
	}
	return 0;
}

static void note_access(struct sought *found, pid_t pid, unsigned int access)
{
	(void)pid;
	found->access |= access;
}

static bool all_found(const struct sought *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].wanted & ~v[i].access)
			return false;
	return true;
}

static void index_sought(struct look *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		map_add(&l->by_key, l->v[i].key, i);
}

/* Those of nested PID namespaces, which the walk leaves out, cannot be saved anyway. */
static void look_once(const struct survey *s, struct look *l)
{
	const struct process *init = process_of(s, s->p->facts->init_pid);

	for (size_t i = 0; init && i < s->n_processes; i++)
		if (s->processes[i].in_tree && s->processes[i].ns[NS_PID] != init->ns[NS_PID])
			look_into(s->processes[i].pid, l);
	for_each_process(s->p->facts->init_pid, look_into, l);
}

void look_again(const struct survey *s, struct sought *v, size_t n)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct look l = {.v = v, .fn = note_access};

	index_sought(&l, n);
	for (int i = 0; i < LOOKS && !all_found(v, n); i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		look_once(s, &l);
	}
	map_clear(&l.by_key);
}

static bool has_missing(const struct sought *found, unsigned int access)
{
	return !found->wanted || (access & found->wanted & ~found->access);
}

static void note_holder(struct sought *found, pid_t pid, unsigned int access)
{
	if (!found->holder && has_missing(found, access))
		found->holder = pid;
}

static void note_left_out(struct sought *found, pid_t pid, unsigned int access)
{
	if (!found->left_out && has_missing(found, access))
		found->left_out = pid;
}

void look_outside(const struct survey *s, struct sought *v, size_t n)
{
	struct look l = {.v = v, .until = monotonic_ms() + HOST_MS};
	_cleanup_closedir_ DIR *proc = directory_at(AT_FDCWD, "/proc");
	const struct process *p;
	struct dirent *e;
	int r = 0;

	index_sought(&l, n);
	while (proc && r == 0 && (e = readdir(proc))) {
		const pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		p = pid > 0 ? process_of(s, pid) : NULL;
		l.fn = p ? note_left_out : note_holder;
		if (pid > 0 && pid != getpid() && !(p && p->in_tree))
			r = look_into(pid, &l);
	}
	map_clear(&l.by_key);
}

char *holder_text(const struct sought *v)
{
	const pid_t pid = v->holder ? v->holder : v->left_out;
	_cleanup_free_ char *path = xasprintf("/proc/%d/comm", (int)pid);
	_cleanup_free_ char *name = NULL;

	if (!pid || read_file_at(AT_FDCWD, path, COMM_MAX, &name) <= 0)
		return xstrdup("");
	name[strcspn(name, "\n")] = '\0';
	return xasprintf(", in process %d (%s)", (int)pid, name);
}
