/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Has a process execute system calls where it waits, is stopped, or computes; see inject.h. Runs in
 * a child of the command, as the host's root, which traces the process with ptrace(). The process
 * is a container's and untrusted.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sys/inject.h"

const char *inject_failure(int r)
{
	switch (r) {
	case -EBUSY:
		return "it never waits in a system call";
	case -ETIMEDOUT:
		return "it does not run; a cgroup of the container may be frozen";
	case -EBADMSG:
		return "it has changed the kernel's code in it (vdso)";
	case -EOPNOTSUPP:
		return "it is not a 64-bit process";
	default:
		return strerror(-r);
	}
}

#ifdef __x86_64__

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define TRIES	   100
#define PAUSE_NS   10000000
#define PATIENCE_S 5
#define MAPS_MAX   (64 * 1024 * 1024)
#define VDSO_MAX   65536
#define CODE_64	   0x33 /* the code segment of a 64-bit process */
#define OPTIONS	   ((long)PTRACE_O_TRACESYSGOOD)

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define SYSCALL_CODE "\x0f\x05"
#define SYSCALL_LEN  2

#define RSEQ_SEQUENCE 8 /* the offset of rseq_cs in struct rseq */

struct injection {
	pid_t pid;
	int tries;	    /* so far */
	bool stopped;	    /* it was stopped (job control), and must not run on meanwhile */
	bool filtered;	    /* it has a seccomp filter */
	unsigned long gate; /* the address of a system call instruction */
	struct user_regs_struct regs;
};

/*
 * The line of the kernel's own code (vdso) in the memory map. No file can have such a line: files
 * have an inode and a path.
 */
static const char *find_vdso(char *maps)
{
	char *save = NULL;

	for (char *l = strtok_r(maps, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char inode[16], name[16];

		if (sscanf(l, "%*s %*s %*s %*s %15s %15s", inode, name) == 2 &&
		    strcmp(inode, "0") == 0 && strcmp(name, "[vdso]") == 0)
			return l;
	}
	return NULL;
}

/* Finds the kernel's own code in a process. */
static int find_code(pid_t pid, unsigned long *ret_start, size_t *ret_len)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", (int)pid);
	_cleanup_free_ char *maps = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, MAPS_MAX, &maps);
	unsigned long start, end;
	const char *line;
	char *dash;

	if (n <= 0)
		return n < 0 ? (int)n : -ESRCH;
	line = find_vdso(maps);
	if (!line)
		return -EOPNOTSUPP;
	start = strtoul(line, &dash, 16);
	end = *dash == '-' ? strtoul(dash + 1, NULL, 16) : 0;
	if (end <= start || end - start > VDSO_MAX)
		return -EOPNOTSUPP;
	*ret_start = start;
	*ret_len = end - start;
	return 0;
}

static int read_memory(pid_t pid, unsigned long start, void *ret, size_t len)
{
	struct iovec here = {ret, len}, there = {(void *)(uintptr_t)start, len};
	ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/*
 * Finds the instruction in the kernel's own code, which is the same in every process. -EBADMSG: the
 * process has changed its copy, so what would run is unknown. -EOPNOTSUPP: there is no such code
 * here, or another one, as in a 32-bit process.
 */
static int find_gate(pid_t pid, unsigned long *ret)
{
	_cleanup_free_ char *code = xcalloc(VDSO_MAX, 1), *ours = xcalloc(VDSO_MAX, 1);
	unsigned long start = 0, own = 0;
	size_t len = 0, own_len = 0;
	const char *found;
	int r = find_code(pid, &start, &len);

	if (r == 0)
		r = find_code(getpid(), &own, &own_len);
	if (r == 0 && len != own_len)
		r = -EOPNOTSUPP;
	if (r == 0)
		r = read_memory(pid, start, code, len);
	if (r == 0)
		r = read_memory(getpid(), own, ours, len);
	if (r < 0)
		return r;
	if (memcmp(code, ours, len) != 0)
		return -EBADMSG;
	found = memmem(code, len, SYSCALL_CODE, SYSCALL_LEN);
	if (!found)
		return -EOPNOTSUPP;
	*ret = start + (unsigned long)(found - code);
	return 0;
}

/*
 * Returns the status of its next stop; -ESRCH: there is none; -ETIMEDOUT: it is late. A frozen
 * process does not stop before it is thawed. Wait without a limit: a process must never be left
 * with the registers of our call.
 */
static int wait_stop(pid_t pid, bool for_ever)
{
	static const struct timespec patience = {.tv_sec = PATIENCE_S};
	sigset_t set;
	int status, r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while ((r = waitpid(pid, &status, __WALL | WNOHANG)) == 0)
		if (sigtimedwait(&set, NULL, &patience) < 0 && errno == EAGAIN && !for_ever)
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

/* A signal that arrived meanwhile belongs to the process. */
static int signal_of(int status)
{
	return is_event_stop(status) || is_syscall_stop(status) ? 0 : WSTOPSIG(status);
}

/* Lets it continue; returns the status of its next stop. */
static int go_on(pid_t pid, enum __ptrace_request how, int sig, bool for_ever)
{
	if (ptrace(how, pid, NULL, (void *)(intptr_t)sig) < 0)
		return -errno;
	return wait_stop(pid, for_ever);
}

static int registers(enum __ptrace_request how, pid_t pid, struct user_regs_struct *regs)
{
	struct iovec iov = {regs, sizeof(*regs)};

	if (ptrace(how, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return -errno;
	/* a 32-bit process has fewer */
	return iov.iov_len == sizeof(*regs) ? 0 : -EOPNOTSUPP;
}

/*
 * Moves from a stop to one at which the kernel decides whether to restart a system call. A process
 * that job control has stopped reports the signal there; when it is detached, it stops again.
 */
static int settle(struct injection *t, int status, bool for_ever)
{
	while (status >= 0 && !is_event_stop(status))
		status = go_on(t->pid, PTRACE_CONT, signal_of(status), for_ever);
	t->stopped = status >= 0 && WSTOPSIG(status) != SIGTRAP;
	return status < 0 ? status : 0;
}

static int interrupt(pid_t pid)
{
	return ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ? -errno : 0;
}

static int set_options(pid_t pid, long options)
{
	return ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) < 0 ? -errno : 0;
}

/* A process with a filter may not be allowed to suspend the filter of another. */
static int suspend_filter(const struct injection *t)
{
	return t->filtered ? set_options(t->pid, OPTIONS | PTRACE_O_SUSPEND_SECCOMP) : 0;
}

static int resume_filter(const struct injection *t)
{
	return t->filtered ? set_options(t->pid, OPTIONS) : 0;
}

/* Checks that everything needed is possible, before doing anything. */
static int prepare(struct injection *t)
{
	/* now, because it may have executed another program since */
	int r = find_gate(t->pid, &t->gate);

	t->filtered = process_status_number(t->pid, "Seccomp") > 0;
	if (r == 0)
		r = suspend_filter(t);
	return r < 0 ? r : resume_filter(t);
}

/*
 * Whether it may be in a sequence that the kernel begins anew when something else runs between
 * (rseq): it would not see that our call did.
 */
static bool may_be_in_sequence(pid_t pid)
{
	struct __ptrace_rseq_configuration c = {0};
	uint64_t sequence = 0;

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, pid, (void *)sizeof(c), &c) < 0)
		return true;
	if (!c.rseq_abi_pointer)
		return false;
	return read_memory(pid, (unsigned long)c.rseq_abi_pointer + RSEQ_SEQUENCE, &sequence,
			   sizeof(sequence)) < 0 ||
	       sequence != 0;
}

/* Checks that a stopped thread has no half-done work of its own; else -EAGAIN. */
static int look(struct injection *t)
{
	int r = registers(PTRACE_GETREGSET, t->pid, &t->regs);

	if (r < 0)
		return r;
	if (t->regs.cs != CODE_64)
		return -EOPNOTSUPP;
	/* not in a call */
	if ((long)t->regs.orig_rax < 0 && may_be_in_sequence(t->pid))
		return -EAGAIN;
	return prepare(t);
}

static int hold(struct injection *t)
{
	int r = interrupt(t->pid);

	if (r == 0)
		r = settle(t, wait_stop(t->pid, false), false);
	return r < 0 ? r : look(t);
}

/* Holds it at another place. */
static int hold_again(struct injection *t)
{
	if (t->stopped)
		return look(t);
	if (ptrace(PTRACE_CONT, t->pid, NULL, NULL) < 0)
		return -errno;
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	return hold(t);
}

/* Restores everything: it will continue the call in which it waited. */
static int put_back(struct injection *t, int status)
{
	int r = registers(PTRACE_SETREGSET, t->pid, &t->regs);

	if (r == 0 && !is_event_stop(status))
		r = interrupt(t->pid);
	return r < 0 ? r : settle(t, status, true);
}

/*
 * Moves from the entry of a call to its exit without making the call; returns the status of that
 * stop. A filter still sees the call, and may kill for it.
 */
static int skip_call(struct injection *t)
{
	struct user_regs_struct regs;
	int r = registers(PTRACE_GETREGSET, t->pid, &regs), status;

	regs.orig_rax = -1UL;
	if (r == 0)
		r = registers(PTRACE_SETREGSET, t->pid, &regs);
	if (r == 0)
		r = suspend_filter(t);
	status = r < 0 ? r : go_on(t->pid, PTRACE_SYSCALL, 0, true);
	if (status >= 0)
		resume_filter(t);
	return status;
}

/* If the stop is late, the process was frozen, or the call does not return. */
static int give_up(struct injection *t, bool entered)
{
	int r = interrupt(t->pid), status = r < 0 ? r : wait_stop(t->pid, true);

	/* it came, a moment too late */
	if (status >= 0 && is_syscall_stop(status) && !entered)
		status = skip_call(t);
	if (status < 0)
		return status;
	resume_filter(t);
	r = put_back(t, status);
	return r < 0 ? r : -ETIMEDOUT;
}

/* Verifies that it is at the entry of the given call, whatever code it has there. */
static bool is_ours(const struct injection *t, const struct user_regs_struct *given)
{
	struct user_regs_struct regs;

	return registers(PTRACE_GETREGSET, t->pid, &regs) == 0 && regs.orig_rax == given->rax &&
	       regs.rip == t->gate + SYSCALL_LEN && regs.rdi == given->rdi &&
	       regs.rsi == given->rsi && regs.rdx == given->rdx && regs.r10 == given->r10 &&
	       regs.r8 == given->r8 && regs.r9 == given->r9;
}

/* Moves from the entry of the call to its exit, past a filter, which sees the call after us. */
static int pass_call(struct injection *t, long *ret, int *ret_status)
{
	struct user_regs_struct regs;
	int r = suspend_filter(t);

	*ret_status = r < 0 ? skip_call(t) : go_on(t->pid, PTRACE_SYSCALL, 0, false);
	if (r < 0 || *ret_status < 0)
		return r;
	r = resume_filter(t);
	if (r == 0)
		r = registers(PTRACE_GETREGSET, t->pid, &regs);
	if (r == 0)
		*ret = (long)regs.rax;
	return r;
}

static void give_call(struct user_regs_struct *regs, const struct injection *t, long number,
		      const unsigned long args[INJECT_ARGS])
{
	*regs = t->regs;
	regs->rip = t->gate;
	regs->rax = (unsigned long)number;
	regs->orig_rax = -1UL; /* no earlier call is to be restarted */
	regs->rdi = args[0];
	regs->rsi = args[1];
	regs->rdx = args[2];
	regs->r10 = args[3];
	regs->r8 = args[4];
	regs->r9 = 0; /* as of mmap(), which takes no offset that is not of whole pages */
}

/* -EAGAIN: a signal or another stop came first, and was let through. */
static int make_call(struct injection *t, long number, const unsigned long args[INJECT_ARGS],
		     long *ret)
{
	struct user_regs_struct regs;
	int status, r, back;

	give_call(&regs, t, number, args);
	r = registers(PTRACE_SETREGSET, t->pid, &regs);
	status = r < 0 ? r : go_on(t->pid, PTRACE_SYSCALL, 0, false);
	if (status == -ETIMEDOUT)
		return give_up(t, false);
	if (status < 0)
		return status;
	r = -EAGAIN;
	if (is_syscall_stop(status) && is_ours(t, &regs))
		r = pass_call(t, ret, &status);
	else if (is_syscall_stop(status))
		status = skip_call(t);
	if (status == -ETIMEDOUT)
		return give_up(t, true);
	if (status < 0)
		return status;
	back = put_back(t, status);
	return back < 0 ? back : r;
}

/* Until it is somewhere where it can be held. r: the result of the first attempt. */
static int hold_patiently(struct injection *t, int r)
{
	while (r == -EAGAIN && ++t->tries < TRIES)
		r = hold_again(t);
	return r == -EAGAIN ? -EBUSY : r;
}

int inject_try(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	int r = make_call(t, number, args, ret);

	if (r != -EAGAIN)
		return r;
	r = hold_patiently(t, r);
	return r < 0 ? r : -EAGAIN;
}

int inject_now(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	int r;

	do
		r = inject_try(t, number, args, ret);
	while (r == -EAGAIN);
	return r;
}

static int seize_and_run(struct injection *t, int pidfd, inject_fn *fn, void *userdata)
{
	int r;

	if (ptrace(PTRACE_SEIZE, t->pid, NULL, (void *)OPTIONS) < 0)
		return -errno;
	/* a traced process keeps its PID: it is the right one, if it still exists */
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return -errno;
	r = hold_patiently(t, hold(t));
	if (r == 0)
		r = fn(t, userdata);
	/* if it does not stop, the exit of this process releases it */
	ptrace(PTRACE_DETACH, t->pid, NULL, NULL);
	return r;
}

int inject(pid_t pid, int pidfd, inject_fn *fn, void *userdata)
{
	static const struct sigaction told = {.sa_handler = SIG_DFL};
	struct injection t = {.pid = pid};
	struct sigaction old_action;
	sigset_t set, old;
	int r;

	/* for wait_stop() */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	sigaction(SIGCHLD, &told, &old_action);
	r = seize_and_run(&t, pidfd, fn, userdata);
	sigaction(SIGCHLD, &old_action, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

#else /* the registers of another architecture */

int inject_try(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	return inject_now(t, number, args, ret);
}

int inject_now(struct injection *t, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	(void)t;
	(void)number;
	(void)args;
	(void)ret;
	return -EOPNOTSUPP;
}

int inject(pid_t pid, int pidfd, inject_fn *fn, void *userdata)
{
	(void)pid;
	(void)pidfd;
	(void)fn;
	(void)userdata;
	return -EOPNOTSUPP;
}

#endif

struct single {
	long number;
	const unsigned long *args;
	long *ret;
};

static int make_single(struct injection *t, void *userdata)
{
	const struct single *s = userdata;

	return inject_now(t, s->number, s->args, s->ret);
}

int inject_call(pid_t pid, int pidfd, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	struct single s = {number, args, ret};

	return inject(pid, pidfd, make_single, &s);
}
