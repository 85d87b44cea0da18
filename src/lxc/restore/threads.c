/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restore/restore.h"
#include "util/cpus.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

static void write_number(pid_t tid, const char *file, unsigned long long value)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)tid, file);
	_cleanup_free_ char *text = xasprintf("%llu", value);

	write_file_at(AT_FDCWD, path, text);
}

static void mend_thread(pid_t tid, const struct thread_facts *t)
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
}

static int mend_known(pid_t pid, pid_t tid, void *userdata)
{
	const struct container_facts *const *facts = userdata;
	pid_t inner = process_inner_id(tid);

	(void)pid;
	for (size_t i = 0; i < (*facts)->n_threads; i++)
		if ((*facts)->threads[i].tid == inner)
			mend_thread(tid, &(*facts)->threads[i]);
	return 0;
}

void threads_mend(const struct restore *r, pid_t init)
{
	const struct container_facts *facts = &r->manifest.facts;

	if (facts->n_threads > 0)
		for_each_thread(init, mend_known, &facts);
}
