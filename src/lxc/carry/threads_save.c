/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What threads have of their own that CRIU does not carry: the CPUs that they run on, how urgent
 * their disk accesses are, how exact their timers, what of them goes into a core dump. Runs in the
 * caller's process as root on the host, while the threads stand still, and only reads.
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

struct survey {
	struct container_facts *facts;
	cpu_set_t online;
	uint64_t *cookies; /* those of core scheduling, as they were come across */
	size_t n_cookies;
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

/* All that the cgroup of a process allows it; where no cgroup says something, those that are
 * online. */
static cpu_set_t allowed_cpus(const struct survey *s, pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	_cleanup_free_ char *text = NULL;
	cpu_set_t set;
	char *cgroup;

	if (read_file_at(AT_FDCWD, path, TEXT_MAX, &text) <= 0)
		return s->online;
	cgroup = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!cgroup)
		return s->online;
	cgroup = strchr(cgroup, '/');
	for (cgroup[strcspn(cgroup, "\n")] = '\0'; cgroup;) {
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
	return s->online;
}

/* NULL where it may use all that its cgroup has. */
static char *pinned_to(const struct survey *s, pid_t tid)
{
	cpu_set_t set, allowed;

	if (sched_getaffinity(tid, sizeof(set), &set) < 0 || CPU_EQUAL(&set, &s->online))
		return NULL;
	allowed = allowed_cpus(s, tid);
	return CPU_EQUAL(&set, &allowed) ? NULL : cpus_format(&set);
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

static int look_at_thread(pid_t pid, pid_t tid, void *userdata)
{
	struct survey *s = userdata;
	long long slack = number_in(tid, "timerslack_ns", 10);
	/* it is the process's */
	long long filter = tid == pid ? number_in(tid, "coredump_filter", 16) : -1;
	struct thread_facts t = {
		.cpus = pinned_to(s, tid),
		.io_priority = io_priority(tid),
		/* a real-time thread has none */
		.timer_slack = slack <= 0 || slack == SLACK_NS ? 0 : (uint64_t)slack,
		.coredump_filter = filter < 0 || filter == FILTER ? -1 : (int)filter,
		.core_group = core_cookie_number(core_cookie_get(tid), &s->cookies, &s->n_cookies),
	};

	if (t.cpus || t.io_priority || t.timer_slack || t.coredump_filter >= 0 || t.core_group)
		t.tid = process_inner_id(tid);
	if (t.tid > 0)
		*ARRAY_ADD(s->facts->threads, s->facts->n_threads) = t;
	else
		free(t.cpus);
	return 0;
}

int threads_save(struct saving *saving, struct error **reterr)
{
	struct survey s = {.facts = saving->facts};
	_cleanup_free_ char *list = NULL;

	(void)reterr;
	facts_clear_threads(s.facts);
	if (read_file_at(AT_FDCWD, "/sys/devices/system/cpu/online", TEXT_MAX, &list) <= 0 ||
	    !cpus_parse(list, &s.online))
		CPU_ZERO(&s.online);
	for_each_thread(s.facts->init_pid, look_at_thread, &s);
	free(s.cookies);
	return 0;
}
