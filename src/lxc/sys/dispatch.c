/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Detects Syscall User Dispatch, which only a tracer can see. The tracer is a child of the caller,
 * as the host's root: no wait() of a host program then meets a thread that is not its child, and if
 * the child dies, the kernel releases the threads that it has stopped.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/dispatch.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#define GET_CONFIG 0x4211 /* PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG */

#define TRIES	 200
#define PAUSE_NS 1000000

struct dispatch_config {
	uint64_t mode; /* 0: off */
	uint64_t selector, offset, len;
};

/* glibc's ptrace() takes its own enum or the kernel's. */
static long trace(int request, pid_t tid, uintptr_t address, void *data)
{
	return ptrace(request, tid, (void *)address, data);
}

/*
 * Returns the status of the stop; -1: the thread does not stop, for example because it waits for a
 * disk.
 */
static int wait_for_stop(pid_t tid)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int status;

	for (int i = 0; i < TRIES; i++) {
		pid_t r = waitpid(tid, &status, __WALL | WNOHANG);

		if (r < 0 || (r == tid && !WIFSTOPPED(status)))
			return -1;
		if (r == tid)
			return status;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static bool ask(pid_t tid)
{
	struct dispatch_config c = {0};
	bool on = false;
	int status, signal;

	if (trace(PTRACE_SEIZE, tid, 0, NULL) < 0)
		return false;
	trace(PTRACE_INTERRUPT, tid, 0, NULL);
	status = wait_for_stop(tid);
	if (status < 0)
		return false; /* the kernel releases it when this process exits */
	on = trace(GET_CONFIG, tid, sizeof(c), &c) == 0 && c.mode != 0;
	/* deliver a signal that was pending: that was not a stop of ours */
	signal = status >> 16 ? 0 : WSTOPSIG(status);
	trace(PTRACE_DETACH, tid, 0, (void *)(uintptr_t)(unsigned int)signal);
	return on;
}

/*
 * A thread that executes a program from a filesystem that does not answer blocks its tracer, and
 * SIGKILL still reaches the tracer.
 */
static int wait_within(pid_t child, int *left_ms)
{
	_cleanup_close_ int fd = pidfd_open_pid(child);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t since = monotonic_ms();
	int n;

	do {
		n = fd < 0 ? 0 : poll(&p, 1, *left_ms);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		kill(child, SIGKILL);
	*left_ms -= (int)(monotonic_ms() - since);
	return wait_status(child);
}

static int ask_thread(pid_t pid, pid_t tid, void *userdata)
{
	(void)pid;
	(void)userdata;
	return ask(tid);
}

bool dispatch_is_on(pid_t pid, int *left_ms)
{
	pid_t child = *left_ms > 0 ? fork_quietly() : -1;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(for_each_thread_of(pid, ask_thread, NULL));
	}
	return child > 0 && wait_within(child, left_ms) == W_EXITCODE(1, 0);
}
