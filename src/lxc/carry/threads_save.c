/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What threads have of their own that CRIU does not carry: the CPUs that they run on, how urgent
 * their disk accesses are, how exact their timers, what of them goes into a core dump. Runs in the
 * caller's process as root on the host, in the walk beside CRIU (standing_save.h), and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/standing_save.h"
#include "carry/table_save.h"
#include "sys/core_cookie.h"
#include "sys/process.h"
#include "util/cpus.h"
#include "util/fd.h"
#include "util/mem.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* What a process has that was never given anything else. */
#define SLACK_NS 50000
#define FILTER	 0x33

#define TEXT_MAX 4096

struct thread_reading {
	cpu_set_t online;
	uint64_t *cookies; /* those of core scheduling, as they were come across */
	size_t n_cookies;

	/* the cgroup that was looked at last, as /proc/PID/cgroup has it, and its CPUs */
	char *cgroup;
	cpu_set_t allowed;

	struct thread_facts *v;
	size_t n;
};

/* A number in a file of /proc/PID; -1 where there is none. */
static long long number_in(pid_t pid, const char *file, int base)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, path, TEXT_MAX, &text) <= 0)
		return -1;
	return strtoll(text, NULL, base);
}

/* All that a cgroup allows; if no cgroup above it says something, the CPUs that are online. */
static cpu_set_t cgroup_cpus(const struct thread_reading *r, const char *text)
{
	const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	const char *from = line ? strchr(line, '/') : NULL;
	_cleanup_free_ char *cgroup =
		from ? xasprintf("%.*s", (int)strcspn(from, "\n"), from) : NULL;
	cpu_set_t set;

	while (cgroup) {
		_cleanup_free_ char *file =
			xasprintf(CGROUP_ROOT "%s/cpuset.cpus.effective", cgroup);
		_cleanup_free_ char *list = NULL;
		char *last = strrchr(cgroup, '/');

		if (read_file_at(AT_FDCWD, file, TEXT_MAX, &list) > 0 && cpus_parse(list, &set))
			return set;
		if (!last)
			break;
		*last = '\0';
	}
	return r->online;
}

/* Threads of one cgroup mostly follow each other. */
static const cpu_set_t *allowed_cpus(struct thread_reading *r, pid_t tid)
{
	char *text = process_text(tid, "cgroup");

	if (r->cgroup && strcmp(r->cgroup, text) == 0) {
		free(text);
		return &r->allowed;
	}
	r->allowed = cgroup_cpus(r, text);
	free(r->cgroup);
	r->cgroup = text;
	return &r->allowed;
}

/* NULL: the thread may use all CPUs of its cgroup. */
static char *pinned_to(struct thread_reading *r, pid_t tid)
{
	cpu_set_t set;

	if (sched_getaffinity(tid, sizeof(set), &set) < 0 || CPU_EQUAL(&set, &r->online) ||
	    CPU_EQUAL(&set, allowed_cpus(r, tid)))
		return NULL;
	return cpus_format(&set);
}

/* 0 where it follows from the niceness, as newer kernels tell it. */
static unsigned int io_priority(pid_t tid)
{
	long prio = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid);
	long from_nice =
		IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, (getpriority(PRIO_PROCESS, (id_t)tid) + 20) / 5);

	if (prio <= 0 || IOPRIO_PRIO_CLASS(prio) == IOPRIO_CLASS_NONE || prio == from_nice)
		return 0;
	return (unsigned int)prio;
}

void threads_look(struct saving *saving, struct standing *s)
{
	struct thread_reading *r = saving->threads;
	const pid_t tid = s->tid;
	long long slack = number_in(tid, "timerslack_ns", 10);
	/* it is the process's */
	long long filter = tid == s->pid ? number_in(tid, "coredump_filter", 16) : -1;
	struct thread_facts t = {
		.cpus = pinned_to(r, tid),
		.io_priority = io_priority(tid),
		/* a real-time thread has none */
		.timer_slack = slack <= 0 || slack == SLACK_NS ? 0 : (uint64_t)slack,
		.coredump_filter = filter < 0 || filter == FILTER ? -1 : (int)filter,
		.core_group = core_cookie_number(core_cookie_get(tid), &r->cookies, &r->n_cookies),
	};

	if (t.cpus || t.io_priority || t.timer_slack || t.coredump_filter >= 0 || t.core_group)
		t.tid = standing_inner_id(s);
	if (t.tid > 0)
		*ARRAY_ADD(r->v, r->n) = t;
	else
		free(t.cpus);
}

int threads_begin(struct saving *s, struct error **reterr)
{
	struct thread_reading *r = xcalloc(1, sizeof(*r));
	_cleanup_free_ char *list = NULL;

	(void)reterr;
	if (read_file_at(AT_FDCWD, "/sys/devices/system/cpu/online", TEXT_MAX, &list) <= 0 ||
	    !cpus_parse(list, &r->online))
		CPU_ZERO(&r->online);
	s->threads = r;
	return 0;
}

int threads_save(struct saving *s, struct error **reterr)
{
	(void)reterr;
	facts_clear_threads(s->facts);
	s->facts->threads = TAKE_PTR(s->threads->v);
	s->facts->n_threads = s->threads->n;
	s->threads->n = 0;
	return 0;
}

void threads_end(struct saving *s)
{
	struct thread_reading *r = s->threads;

	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].cpus);
	free(r->v);
	free(r->cookies);
	free(r->cgroup);
	free(r);
	s->threads = NULL;
}
