/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gives the container's threads back what CRIU does not. What this machine cannot give (a CPU that
 * it has not, core scheduling) they go without; that they are not kept apart from others where
 * they could be is an error. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/core_cookie.h"
#include "sys/process.h"
#include "util/cpus.h"
#include "util/fd.h"
#include "util/mem.h"

/* A thread that is to have a core scheduling cookie. */
struct sharer {
	int group;
	pid_t tid;
};

struct mending {
	const struct container_facts *facts;
	struct sharer *sharers;
	size_t n_sharers;
};

static void write_number(pid_t tid, const char *file, unsigned long long value)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)tid, file);
	_cleanup_free_ char *text = xasprintf("%llu", value);

	write_file_at(AT_FDCWD, path, text);
}

static void mend_thread(struct mending *m, pid_t tid, const struct thread_facts *t)
{
	cpu_set_t set;

	if (t->cpus && cpus_parse(t->cpus, &set))
		sched_setaffinity(tid, sizeof(set), &set);
	if (t->io_priority)
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid, t->io_priority);
	if (t->timer_slack)
		write_number(tid, "timerslack_ns", t->timer_slack);
	if (t->coredump_filter >= 0)
		write_number(tid, "coredump_filter", (unsigned int)t->coredump_filter);
	if (t->core_group)
		*ARRAY_ADD(m->sharers, m->n_sharers) = (struct sharer){t->core_group, tid};
}

static int mend_known(pid_t pid, pid_t tid, void *userdata)
{
	struct mending *m = userdata;
	pid_t inner = process_inner_id(tid);

	(void)pid;
	for (size_t i = 0; i < m->facts->n_threads; i++)
		if (m->facts->threads[i].tid == inner)
			mend_thread(m, tid, &m->facts->threads[i]);
	return 0;
}

/* --- core scheduling --- */

static int compare_sharers(const void *a, const void *b)
{
	int x = ((const struct sharer *)a)->group, y = ((const struct sharer *)b)->group;

	return (x > y) - (x < y);
}

/* A cookie for each group. */
static int give_cookies(struct sharer *v, size_t n)
{
	_cleanup_free_ pid_t *tids = xcalloc(n, sizeof(*tids));
	size_t end;

	qsort(v, n, sizeof(*v), compare_sharers);
	for (size_t i = 0; i < n; i = end) {
		int e;

		for (end = i; end < n && v[end].group == v[i].group; end++)
			tids[end - i] = v[end].tid;
		e = core_cookie_give(tids, end - i);
		if (e < 0)
			return e;
	}
	return 0;
}

/* A machine without cookies was warned of before, see check_core_scheduling(). */
static int mend_cookies(struct mending *m, struct error **reterr)
{
	int e;

	if (m->n_sharers == 0)
		return 0;
	e = core_cookie_check();
	if (e < 0) {
		log_at(LOG_LEVEL_WARN, "No core scheduling here: %s", strerror(-e));
		return 0;
	}
	e = give_cookies(m->sharers, m->n_sharers);
	if (e < 0)
		return error_set(reterr, -e,
				 "cannot give the container's threads their core scheduling "
				 "cookies: %s",
				 strerror(-e));
	return 0;
}

int threads_apply(struct restore *r, pid_t init, struct error **reterr)
{
	struct mending m = {.facts = &r->manifest->facts};
	int e;

	if (m.facts->n_threads == 0)
		return 0;
	for_each_thread(init, mend_known, &m);
	e = mend_cookies(&m, reterr);
	free(m.sharers);
	return e;
}
