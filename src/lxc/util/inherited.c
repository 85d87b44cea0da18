/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Limits and settings that processes inherit. Used by the command, by the monitor for itself, and
 * in the child that becomes CRIU; as the host's root, in the host's namespaces. Failures
 * are passed over: without the right to raise a limit there is the one that there was.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/inherited.h"
#include "util/mem.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

#define STACK_USUAL  (8 * 1024 * 1024)
#define SLACK_USUAL  50000UL
#define FILTER_USUAL "0x33"
#define POLICY_USUAL 0 /* MPOL_DEFAULT */

static struct {
	bool raised;
	struct rlimit was;
} limits[RLIM_NLIMITS];

/* A program may use the library in several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int writers;

/* No process may have more files open than this, root's neither. */
static rlim_t files_max(void)
{
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, "/proc/sys/fs/nr_open", 64, &text) <= 0)
		return 1024 * 1024;
	return strtoull(text, NULL, 10);
}

static void raise_limit(int resource)
{
	rlim_t most = resource == RLIMIT_NOFILE ? files_max() : RLIM_INFINITY;
	/* by a stack without a limit the kernel lays out memory in another way */
	rlim_t usual = resource == RLIMIT_STACK ? STACK_USUAL : most;
	struct rlimit was, l = {usual, most};

	if (getrlimit((__rlimit_resource_t)resource, &was) < 0 ||
	    (was.rlim_cur == usual && was.rlim_max == most))
		return;
	if (!limits[resource].raised)
		limits[resource].was = was;
	limits[resource].raised = true;
	if (setrlimit((__rlimit_resource_t)resource, &l) == 0)
		return;
	was.rlim_cur = MIN(usual, was.rlim_max);
	setrlimit((__rlimit_resource_t)resource, &was);
}

void limits_raise(void)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		raise_limit(i);
}

static void put_back(int resource)
{
	if (limits[resource].raised)
		setrlimit((__rlimit_resource_t)resource, &limits[resource].was);
	limits[resource].raised = false;
}

void limits_put_back(void)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		put_back(i);
}

void file_limit_begin(void)
{
	pthread_mutex_lock(&lock);
	if (writers++ == 0)
		raise_limit(RLIMIT_FSIZE);
	pthread_mutex_unlock(&lock);
}

void file_limit_end(void)
{
	pthread_mutex_lock(&lock);
	if (--writers == 0)
		put_back(RLIMIT_FSIZE);
	pthread_mutex_unlock(&lock);
}

static void reset_scheduling(void)
{
	const struct sched_param none = {0};
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	sched_setscheduler(0, SCHED_OTHER, &none);
	setpriority(PRIO_PROCESS, 0, 0);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	prctl(PR_SET_TIMERSLACK, SLACK_USUAL, 0UL, 0UL, 0UL);
}

static void reset_memory(void)
{
	syscall(SYS_set_mempolicy, POLICY_USUAL, NULL, 0UL);
	prctl(PR_SET_THP_DISABLE, 0UL, 0UL, 0UL, 0UL);
	prctl(PR_SET_IO_FLUSHER, 0UL, 0UL, 0UL, 0UL);
	prctl(PR_SET_MEMORY_MERGE, 0UL, 0UL, 0UL, 0UL);
	write_file_at(AT_FDCWD, "/proc/self/coredump_filter", FILTER_USUAL);
}

void settings_reset(void)
{
	reset_scheduling();
	reset_memory();
	personality(PER_LINUX);
	prctl(PR_SET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
	write_file_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

const char *settings_for_good(void)
{
	int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);

	if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1)
		return "no_new_privs";
	return bits > 0 && (bits & SECURE_ALL_LOCKS) ? "locked securebits" : NULL;
}
