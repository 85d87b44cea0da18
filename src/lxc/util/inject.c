/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdbool.h>

#include "util/inject.h"

#ifdef __x86_64__

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#define TRIES	   100
#define PAUSE_NS   10000000
#define PATIENCE_S 5
#define MAPS_MAX   (64 * 1024 * 1024)
#define VDSO_MAX   65536
#define CODE_64	   0x33 /* the code segment of a process that is no 32-bit one */

#define SYSCALL_STOP (SIGTRAP | 0x80)

struct target {
	pid_t pid;
	unsigned long gate; /* where there is a system call instruction */
	struct user_regs_struct regs;
};

/* The kernel's own code in every process has the instruction. */
static unsigned long find_gate(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", (int)pid);
	_cleanup_free_ char *maps = NULL;
	_cleanup_free_ char *code = xcalloc(VDSO_MAX, 1);
	unsigned long start, end;
	struct iovec here, there;
	char *line, *found, *dash;
	ssize_t n;

	if (read_file_at(AT_FDCWD, path, MAPS_MAX, &maps) <= 0)
		return 0;
	line = strstr(maps, "[vdso]");
	while (line && line > maps && line[-1] != '\n')
		line--;
	if (!line)
		return 0;
	start = strtoul(line, &dash, 16);
	end = *dash == '-' ? strtoul(dash + 1, NULL, 16) : 0;
	if (end <= start || end - start > VDSO_MAX)
		return 0;
	here = (struct iovec){code, end - start};
	there = (struct iovec){(void *)(uintptr_t)start, end - start};
	n = process_vm_readv(pid, &here, 1, &there, 1, 0);
	found = n <= 0 ? NULL : memmem(code, (size_t)n, "\x0f\x05", 2);
	return found ? start + (unsigned long)(found - code) : 0;
}

/*
 * The status of its next stop; -ESRCH where there is none, -ETIMEDOUT if it is long in coming:
 * where the process is frozen, it is not before it is thawed.
 */
static int wait_stop(pid_t pid)
{
	static const struct timespec patience = {.tv_sec = PATIENCE_S};
	sigset_t set;
	int status, r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while ((r = waitpid(pid, &status, __WALL | WNOHANG)) == 0)
		if (sigtimedwait(&set, NULL, &patience) < 0 && errno != EINTR)
			return -ETIMEDOUT;
	if (r < 0)
		return -errno;
	return WIFSTOPPED(status) ? status : -ESRCH;
}

static bool is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

static bool is_syscall_stop(int status)
{
	return !is_event_stop(status) && WSTOPSIG(status) == SYSCALL_STOP;
}

/* A signal that came meanwhile is the process's. */
static int signal_of(int status)
{
	return is_event_stop(status) || is_syscall_stop(status) ? 0 : WSTOPSIG(status);
}

/* Lets it go on; the status of its next stop. */
static int go_on(pid_t pid, enum __ptrace_request how, int sig)
{
	if (ptrace(how, pid, NULL, (void *)(intptr_t)sig) < 0)
		return -errno;
	return wait_stop(pid);
}

static int registers(enum __ptrace_request how, pid_t pid, struct user_regs_struct *regs)
{
	struct iovec iov = {regs, sizeof(*regs)};

	return ptrace(how, pid, (void *)NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

/* From a stop to one where the kernel looks what of a call is to be taken up again. */
static int settle(pid_t pid, int status)
{
	while (status >= 0 && !is_event_stop(status))
		status = go_on(pid, PTRACE_CONT, signal_of(status));
	return status < 0 ? status : 0;
}

static int interrupt(pid_t pid)
{
	return ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ? -errno : 0;
}

/* It stands still where it waited in a call, so nothing of its own is half done; else -EAGAIN. */
static int hold(struct target *t)
{
	int r = interrupt(t->pid);

	if (r == 0)
		r = settle(t->pid, wait_stop(t->pid));
	if (r == 0)
		r = registers(PTRACE_GETREGSET, t->pid, &t->regs);
	if (r < 0)
		return r;
	if (t->regs.cs != CODE_64)
		return -EOPNOTSUPP;
	return (long)t->regs.orig_rax < 0 ? -EAGAIN : 0;
}

/* As if nothing had been: it will go on with the call that it waited in. */
static int put_back(struct target *t, int status)
{
	int r = registers(PTRACE_SETREGSET, t->pid, &t->regs);

	if (r == 0 && !is_event_stop(status))
		r = interrupt(t->pid);
	return r < 0 ? r : settle(t->pid, status);
}

/* It has been frozen meanwhile, or the call does not return: it is stopped anew. */
static int give_up(struct target *t)
{
	int r = interrupt(t->pid), status = r < 0 ? r : wait_stop(t->pid);

	if (status < 0)
		return status;
	r = put_back(t, status);
	return r < 0 ? r : -ETIMEDOUT;
}

/* -EAGAIN: a signal, or another stop, came first and was given way to. */
static int make_call(struct target *t, long number, const unsigned long args[INJECT_ARGS],
		     long *ret)
{
	struct user_regs_struct regs = t->regs;
	int status, r;

	regs.rip = t->gate;
	regs.rax = (unsigned long)number;
	regs.orig_rax = -1UL; /* there is none to be taken up again before this one */
	regs.rdi = args[0];
	regs.rsi = args[1];
	regs.rdx = args[2];
	regs.r10 = args[3];
	regs.r8 = args[4];
	r = registers(PTRACE_SETREGSET, t->pid, &regs);
	status = r < 0 ? r : go_on(t->pid, PTRACE_SYSCALL, 0);
	if (status == -ETIMEDOUT)
		return give_up(t);
	if (status < 0)
		return status;
	if (!is_syscall_stop(status)) {
		r = put_back(t, status);
		return r < 0 ? r : -EAGAIN;
	}
	status = go_on(t->pid, PTRACE_SYSCALL, 0);
	if (status == -ETIMEDOUT)
		return give_up(t);
	r = status < 0 ? status : registers(PTRACE_GETREGSET, t->pid, &regs);
	if (r < 0)
		return r;
	*ret = (long)regs.rax;
	return put_back(t, status);
}

static int seize_and_call(struct target *t, long number, const unsigned long args[INJECT_ARGS],
			  long *ret)
{
	bool filtered = process_status_number(t->pid, "\nSeccomp:") > 0;
	long options = PTRACE_O_TRACESYSGOOD | (filtered ? PTRACE_O_SUSPEND_SECCOMP : 0);
	int r = -EAGAIN;

	if (ptrace(PTRACE_SEIZE, t->pid, NULL, (void *)options) < 0)
		return -errno;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		if (i > 0 && ptrace(PTRACE_CONT, t->pid, NULL, NULL) < 0)
			return -errno;
		if (i > 0)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
		r = hold(t);
		if (r == 0)
			r = make_call(t, number, args, ret);
	}
	/* where it does not stand still, it is let go by the end of this process */
	ptrace(PTRACE_DETACH, t->pid, NULL, NULL);
	return r == -EAGAIN ? -EBUSY : r;
}

int inject_call(pid_t pid, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	static const struct sigaction told = {.sa_handler = SIG_DFL};
	struct target t = {.pid = pid, .gate = find_gate(pid)};
	struct sigaction old_action;
	sigset_t set, old;
	int r;

	if (!t.gate)
		return -EOPNOTSUPP;
	/* for wait_stop() */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	sigaction(SIGCHLD, &told, &old_action);
	r = seize_and_call(&t, number, args, ret);
	sigaction(SIGCHLD, &old_action, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

#else /* the registers are another architecture's */

int inject_call(pid_t pid, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	(void)pid;
	(void)number;
	(void)args;
	(void)ret;
	return -EOPNOTSUPP;
}

#endif
