/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The process that delays the exit of a killed CRIU until its TCP connections are out of repair
 * mode. A child of the caller's process, as root on the host, that traces CRIU and holds the
 * container's lock; it keeps nothing else of the caller's open.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock/keeper.h"
#include "lock/recover.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#define CODE_MS 3000

/* glibc's ptrace() wants an enum of its own, or the kernel's */
static long trace(int request, pid_t pid, uintptr_t data)
{
	return ptrace(request, pid, (void *)0, (void *)data);
}

static int one_runs(pid_t pid, void *userdata)
{
	const char state = process_state(pid);

	(void)userdata;
	return state == 'R' || state == 'D';
}

/*
 * While CRIU lives, a process runs only CRIU's code, which may be about to write to CRIU. Without
 * CRIU that write causes a SIGPIPE, which stays pending until the process has its own code and
 * signals again, and then kills it. When it has nothing more to do, the code waits for CRIU, and
 * CRIU's exit makes it restore the process.
 */
static void let_code_wait(pid_t init)
{
	const int64_t end = monotonic_ms() + CODE_MS;

	/* by the clock: a look at very many processes takes longer than the pause */
	while (monotonic_ms() < end && for_each_process(init, one_runs, NULL))
		poll(NULL, 0, 1);
}

/*
 * It has not unmapped or closed anything yet, and still traces its processes. A CRIU that exits by
 * itself has released everything in order, unless it was in no state to do so.
 */
static void about_to_end(pid_t criu, pid_t init, const struct connections *were)
{
	unsigned long status = 0;

	if (ptrace(PTRACE_GETEVENTMSG, criu, (void *)0, &status) == 0 && status != 0) {
		recover_connections(init, were);
		let_code_wait(init);
	}
	trace(PTRACE_CONT, criu, 0);
}

enum place { STOPPED, ON_ITS_WAY, AT_END };

/*
 * A SIGKILL moves it out of any other stop, even out of one that was seen and not answered yet: a
 * late answer would release it from its exit stop.
 */
static enum place where_is(pid_t criu)
{
	siginfo_t info = {0};

	if (ptrace(PTRACE_GETSIGINFO, criu, (void *)0, &info) < 0)
		return errno == ESRCH ? ON_ITS_WAY : STOPPED;
	return info.si_code == (SIGTRAP | (PTRACE_EVENT_EXIT << 8)) ? AT_END : STOPPED;
}

/* Each signal to CRIU, and each of its stops, waits for this. */
static void attend(pid_t criu, pid_t init, const struct connections *were)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(criu, &status, __WALL);
		enum place at;

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0 || !WIFSTOPPED(status))
			return;
		at = where_is(criu);
		if (at == AT_END)
			about_to_end(criu, init, were);
		else if (at == STOPPED && status >> 16 == PTRACE_EVENT_STOP &&
			 WSTOPSIG(status) != SIGTRAP)
			trace(PTRACE_LISTEN, criu, 0);
		else if (at == STOPPED)
			trace(PTRACE_CONT, criu, status >> 16 ? 0 : (uintptr_t)WSTOPSIG(status));
	}
}

_Noreturn static void keep(pid_t criu, pid_t init, int lock, int ready)
{
	struct connections *were;

	/* neither ^C nor anything else for the command's process group is for it */
	setsid();
	prctl(PR_SET_NAME, "criu-keeper");
	/* no descriptor of the host program stays open longer than intended */
	if (fd_place(lock, STDIN_FILENO) < 0 || fd_place(ready, STDOUT_FILENO) < 0)
		_exit(1);
	syscall(SYS_close_range, (unsigned int)STDERR_FILENO, ~0U, 0);
	if (trace(PTRACE_SEIZE, criu, PTRACE_O_TRACEEXIT) < 0)
		_exit(1);
	were = connections_look(init);
	if (write_all(STDOUT_FILENO, "", 1) < 0)
		_exit(1);
	close(STDOUT_FILENO);
	attend(criu, init, were);
	_exit(0);
}

pid_t keeper_start(pid_t criu, pid_t init, int lock)
{
	_cleanup_close_ int answer = -1;
	int ready[2];
	ssize_t n;
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	answer = ready[0];
	if (fd_above_standard(&answer) < 0 || fd_above_standard(&ready[1]) < 0) {
		close(ready[1]);
		return -EMFILE;
	}
	pid = fork_quietly();
	if (pid == 0)
		keep(criu, init, lock, ready[1]);
	close(ready[1]);
	if (pid < 0)
		return -errno;
	do
		n = read(answer, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return pid;
	wait_status(pid);
	return -EPERM;
}

void keeper_end(pid_t keeper)
{
	if (keeper > 0)
		wait_status(keeper);
}
