/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Sets limits and settings that processes inherit. Runs in the command, in the monitor, and in the
 * child that becomes CRIU, as the host's root, in the host's namespaces. Failures are ignored:
 * without the right to raise a limit, the old limit stays.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/core_cookie.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#define MDWE_REFUSE	   1
#define MDWE_NOT_INHERITED 2
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

/* A program may use the library in several threads at once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int writers;

/* No process may have more open files than this, not even root's. */
static rlim_t files_max(void)
{
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, "/proc/sys/fs/nr_open", 64, &text) <= 0)
		return 1024 * 1024;
	return strtoull(text, NULL, 10);
}

/* The soft limit that goes with it. */
static rlim_t usual_limit(int resource, rlim_t most)
{
	switch (resource) {
	case RLIMIT_STACK:
		/* with an unlimited stack the kernel lays out memory differently */
		return STACK_USUAL;
	case RLIMIT_CORE:
		/*
		 * a core dump of CRIU would go to the image directory, which would then be no
		 * checkpoint
		 */
		return 0;
	default:
		return most;
	}
}

static void raise_limit(int resource)
{
	rlim_t most = resource == RLIMIT_NOFILE ? files_max() : RLIM_INFINITY;
	rlim_t usual = usual_limit(resource, most);
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

/* struct sched_attr, which glibc has by now and the kernel's headers have too */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* the first is a custom slice, since Linux 6.12 */
	uint32_t util_min, util_max;
};

#define UTIL_CLAMP 0x60 /* SCHED_FLAG_UTIL_CLAMP */

static void reset_policy(void)
{
	struct scheduling usual = {.size = sizeof(usual), .policy = SCHED_OTHER};

	/* sched_setscheduler() would keep the slice */
	syscall(SYS_sched_setattr, 0, &usual, 0U);
	usual.flags = UTIL_CLAMP;
	usual.util_min = usual.util_max = UINT32_MAX;
	syscall(SYS_sched_setattr, 0, &usual, 0U);
}

static void reset_scheduling(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	reset_policy();
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	prctl(PR_SET_TIMERSLACK, SLACK_USUAL, 0UL, 0UL, 0UL);
	core_cookie_drop();
}

/* Mitigations that a process requested, as far as they can be undone. */
static void reset_speculation(void)
{
	static const struct {
		unsigned long what, usual;
	} all[] = {
		{0, PR_SPEC_ENABLE},  /* PR_SPEC_STORE_BYPASS */
		{1, PR_SPEC_ENABLE},  /* PR_SPEC_INDIRECT_BRANCH */
		{2, PR_SPEC_DISABLE}, /* PR_SPEC_L1D_FLUSH */
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		long is = prctl(PR_GET_SPECULATION_CTRL, all[i].what, 0UL, 0UL, 0UL);

		if (is > 0 && (is & PR_SPEC_PRCTL) && !((unsigned long)is & all[i].usual))
			prctl(PR_SET_SPECULATION_CTRL, all[i].what, all[i].usual, 0UL, 0UL);
	}
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
	reset_speculation();
	personality(PER_LINUX);
	prctl(PR_SET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
	write_file_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

/* A process outside any landlock domain may nest so many; each counts for its children. */
#define LAYERS_MAX 16

static int restrict_again(void)
{
	const uint64_t execute = 1;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &execute, sizeof(execute), 0U);

	for (int n = 0; fd >= 0; n++)
		if (syscall(SYS_landlock_restrict_self, fd, 0U) < 0)
			return errno == E2BIG && n < LAYERS_MAX;
	return 0;
}

bool is_in_landlock(void)
{
	pid_t child = fork_quietly();

	if (child == 0)
		_exit(restrict_again());
	return child > 0 && wait_status(child) == W_EXITCODE(1, 0);
}

bool has_seccomp_filter(void)
{
	return prctl(PR_GET_SECCOMP, 0UL, 0UL, 0UL, 0UL) > 0;
}

static bool has_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1;
}

static bool has_locked_securebits(void)
{
	int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);

	return bits > 0 && (bits & SECURE_ALL_LOCKS);
}

static bool has_fixed_memory(void)
{
	int bits = prctl(PR_GET_MDWE, 0UL, 0UL, 0UL, 0UL);

	return bits > 0 && (bits & MDWE_REFUSE) && !(bits & MDWE_NOT_INHERITED);
}

const struct for_good *settings_for_good(void)
{
	static const struct {
		bool (*has)(void);
		struct for_good is;
	} all[] = {
		{has_no_new_privs, {"no_new_privs", "sudo, ping and the like stop working"}},
		{has_locked_securebits,
		 {"locked securebits", "sudo, ping and the like stop working"}},
		{has_seccomp_filter, {"a seccomp filter", "system calls fail that worked before"}},
		{is_in_landlock, {"a landlock sandbox", "files cannot be used that could before"}},
		{has_fixed_memory,
		 {"PR_SET_MDWE", "none can make memory executable, and CRIU cannot either"}},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].has())
			return &all[i].is;
	return NULL;
}
