/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads that are apart from their process, and what only one of them has open. Modes of
 * blocker.c, which runs as a process of the container. */
#include "blocker.h"

static void threads(void)
{
	pthread_t t;

	for (int i = 0; i < 5; i++)
		CHECK(pthread_create(&t, NULL, sleeper, NULL) == 0);
}

static void (*thread_sets)(void);

static void *setting_thread(void *fd)
{
	thread_sets();
	CHECK(write((int)(intptr_t)fd, "x", 1) == 1);
	return sleeper(NULL);
}

static void in_thread(void (*sets)(void))
{
	int ends[2];
	pthread_t t;
	char c;

	thread_sets = sets;
	CHECK(pipe(ends) == 0);
	CHECK(pthread_create(&t, NULL, setting_thread, (void *)(intptr_t)ends[1]) == 0);
	CHECK(read(ends[0], &c, 1) == 1);
}

static void unshare_network(void)
{
	CHECK(unshare(CLONE_NEWNET) == 0);
}

static void thread_network(void)
{
	in_thread(unshare_network);
}

static void unshare_folder(void)
{
	CHECK(unshare(CLONE_FS) == 0 && chdir("/etc") == 0);
}

static void thread_folder(void)
{
	in_thread(unshare_folder);
}

static void unshare_files(void)
{
	CHECK(unshare(CLONE_FILES) == 0);
}

static void thread_files(void)
{
	in_thread(unshare_files);
}

static void unshare_name(void)
{
	CHECK(unshare(CLONE_NEWUTS) == 0);
}

static void thread_name(void)
{
	in_thread(unshare_name);
}

static void thread_deadline(void)
{
	const struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} wanted = {.size = 48,
		    .policy = 6,
		    .runtime = 1000000,
		    .deadline = 100000000,
		    .period = 100000000};

	CHECK(syscall(SYS_sched_setattr, 0, &wanted, 0) == 0);
}

static void deadline_in_thread(void)
{
	in_thread(thread_deadline);
}

static void open_in_thread(void)
{
	CHECK(open("/proc/thread-self/comm", O_RDONLY) >= 0);
}

static void proc_of_thread(void)
{
	in_thread(open_in_thread);
}

static void proc_of_first_thread(void)
{
	open_in_thread();
	CHECK(open("/proc/self/task", O_RDONLY) >= 0 && open("/proc/self/fd", O_RDONLY) >= 0);
	CHECK(open("/proc/self/status", O_RDONLY) >= 0 && open("/proc", O_RDONLY) >= 0);
	CHECK(open("/proc/loadavg", O_RDONLY) >= 0 && chdir("/proc/self/net") == 0);
}

const struct mode threads_modes[] = {
	{"deadline-in-thread", deadline_in_thread},
	{"proc-of-first-thread", proc_of_first_thread},
	{"proc-of-thread", proc_of_thread},
	{"thread-files", thread_files},
	{"thread-folder", thread_folder},
	{"thread-name", thread_name},
	{"thread-network", thread_network},
	{"threads", threads},
	{0},
};
