/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/inject.h"
#include "sys/process.h"
#include "unit.h"

#ifdef __x86_64__

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define FINE 42

static const unsigned long nothing[INJECT_ARGS];
static volatile sig_atomic_t signals;

/* ---- processes that wait for a byte, each in another way; FINE: nothing else has happened ---- */

static int take(int fd)
{
	char c = 0;

	return read(fd, &c, 1) == 1 && c == 'x' ? FINE : 1;
}

static int wait_in_read(int fd)
{
	return take(fd);
}

static int wait_in_poll(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 20000) == 1 && p.revents == POLLIN ? take(fd) : 1;
}

/* It is one of the calls that are not taken up again after a stop, whoever made that. */
static int wait_in_epoll(int fd)
{
	struct epoll_event e = {.events = EPOLLIN};
	int epoll = epoll_create1(0), n;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
	do
		n = epoll_wait(epoll, &e, 1, -1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? take(fd) : 1;
}

static void count(int sig)
{
	(void)sig;
	signals++;
}

static int wait_in_read_with_signals(int fd)
{
	int r = take(fd);

	return signals > 0 ? r : 1;
}

static bool is_filtered(void)
{
	return syscall(SYS_getppid) < 0 && errno == ENOTTY;
}

/* A number that no call has, as a tracer can give, kills. */
static bool filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)-1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The filter is in force for its own calls, */
static int wait_filtered(int fd)
{
	int r = filter() ? take(fd) : 1;

	return is_filtered() ? r : 1;
}

/* at every moment. */
static int try_filtered(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (!filter())
		return 1;
	while (poll(&p, 1, 0) != 1)
		if (!is_filtered())
			return 1;
	return take(fd);
}

static int (*const waits[])(int) = {wait_in_read,  wait_in_poll,
				    wait_in_epoll, wait_in_read_with_signals,
				    wait_filtered, try_filtered};

#define N_WAITS (sizeof(waits) / sizeof(waits[0]))

/* ---- */

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static bool still_runs(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid;
}

static int call(pid_t pid, long number, const unsigned long args[INJECT_ARGS], long *ret)
{
	int pidfd = pidfd_open_pid(pid);
	int r = inject_call(pid, pidfd, number, args, ret);

	if (pidfd >= 0)
		close(pidfd);
	return r;
}

START_TEST(call_is_made_and_the_other_one_goes_on)
{
	const struct sigaction on_signal = {.sa_handler = count, .sa_flags = SA_RESTART};
	struct sigaction old;
	int fds[2], status;
	long r = 0;
	pid_t pid;

	sigaction(SIGUSR1, &on_signal, &old);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(waits[_i](fds[0]));
	sigaction(SIGUSR1, &old, NULL);
	for (int i = 0; i < 50; i++) {
		if (waits[_i] == wait_in_read_with_signals)
			kill(pid, SIGUSR1);
		ck_assert_int_eq(call(pid, SYS_getppid, nothing, &r), 0);
		ck_assert_int_eq(r, getpid());
	}
	ck_assert(still_runs(pid));
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), FINE);
	close_pair(fds);
}
END_TEST

START_TEST(arguments_and_errors_come_through)
{
	int fds[2], pair[2], status;
	unsigned long args[INJECT_ARGS] = {0};
	long r = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(pipe(pair), 0);
	pid = fork();
	if (pid == 0)
		_exit(take(fds[0]));
	args[0] = (unsigned long)pair[0];
	args[1] = 77;
	ck_assert_int_eq(call(pid, SYS_dup2, args, &r), 0);
	ck_assert_int_eq(r, 77);
	args[0] = 77;
	ck_assert_int_eq(call(pid, SYS_close, args, &r), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(call(pid, SYS_close, args, &r), 0);
	ck_assert_int_eq(r, -EBADF);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), FINE);
	close_pair(fds);
	close_pair(pair);
}
END_TEST

/* What is in the register of the sixth argument is for no call of its own. */
static int wait_with_a_rest(int fd)
{
	char c = 0;
	register long rest __asm__("r9") = 1;
	long n = SYS_read;

	__asm__ volatile("syscall"
			 : "+a"(n)
			 : "D"((long)fd), "S"(&c), "d"(1L), "r"(rest)
			 : "rcx", "r11", "memory");
	return n == 1 && c == 'x' ? FINE : 1;
}

START_TEST(call_takes_no_sixth_argument)
{
	const unsigned long map[INJECT_ARGS] = {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
						-1UL};
	int fds[2], status;
	long r = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(wait_with_a_rest(fds[0]));
	while (process_state(pid) != 'S')
		sched_yield();
	ck_assert_int_eq(call(pid, SYS_mmap, map, &r), 0);
	ck_assert_int_gt(r, 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), FINE);
	close_pair(fds);
}
END_TEST

static pid_t start_turning(volatile int *turns)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			*turns = 1;
	/* before that it is on its way out of a call */
	while (*turns == 0)
		sched_yield();
	return pid;
}

static void *shared_number(void)
{
	void *shared =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert(shared != MAP_FAILED);
	return shared;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(one_that_never_waits)
{
	void *shared = shared_number();
	volatile int *turns = shared;
	pid_t pid = start_turning(turns);
	long r = 0;

	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(call(pid, SYS_getppid, nothing, &r), 0);
		ck_assert_int_eq(r, getpid());
		*turns = 0;
		while (*turns == 0)
			sched_yield();
	}
	end(pid);
	munmap(shared, sizeof(int));
}
END_TEST

/* Both ways into a stop: in a call in which it waits, and while it computes. */
START_TEST(one_that_is_stopped_stays_so)
{
	const struct sigaction on_signal = {.sa_handler = count, .sa_flags = SA_RESTART};
	void *shared = shared_number();
	volatile int *turns = shared;
	struct sigaction old;
	int fds[2], status;
	siginfo_t info = {0};
	long r = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	sigaction(SIGCONT, &on_signal, &old);
	pid = _i == 0 ? fork() : start_turning(turns);
	if (pid == 0)
		_exit(wait_in_read_with_signals(fds[0]));
	sigaction(SIGCONT, &old, NULL);
	/* in a process group whose parent is not in its session the signal is ignored */
	ck_assert_int_eq(setpgid(pid, 0), 0);
	kill(pid, SIGTSTP);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	*turns = 0;
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(call(pid, SYS_getppid, nothing, &r), 0);
		ck_assert_int_eq(r, getpid());
	}
	/* its parent is not told again, and it did not run */
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG), 0);
	ck_assert_int_eq(info.si_pid, 0);
	while (process_state(pid) != 'T')
		sched_yield();
	ck_assert_int_eq(*turns, 0);
	kill(pid, SIGCONT);
	ck_assert_int_eq(waitpid(pid, &status, WCONTINUED), pid);
	ck_assert(WIFCONTINUED(status));
	if (_i == 0) {
		ck_assert_int_eq(write(fds[1], "x", 1), 1);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	} else {
		while (*turns == 0)
			sched_yield();
		end(pid);
	}
	close_pair(fds);
	munmap(shared, sizeof(int));
}
END_TEST

START_TEST(one_that_is_not_there)
{
	pid_t pid = fork();
	long r = 0;

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_lt(call(pid, SYS_getppid, nothing, &r), 0);
}
END_TEST

/* Its number is another's by now. */
START_TEST(one_that_was_not_meant_is_left_alone)
{
	int fds[2], status, gone;
	long r = 0;
	pid_t pid, other;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(waits[0](fds[0]));
	other = fork();
	if (other == 0)
		_exit(0);
	gone = pidfd_open_pid(other);
	ck_assert_int_ge(gone, 0);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_int_eq(inject_call(pid, gone, SYS_getppid, nothing, &r), -ESRCH);
	close(gone);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	close_pair(fds);
}
END_TEST

/* One byte of it, anywhere: here in the header, which nobody runs. */
static int change_code(int fd)
{
	unsigned long code = getauxval(AT_SYSINFO_EHDR);
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char other = 1;

	if (pwrite(memory, &other, 1, (off_t)code + 9) != 1)
		return 1;
	close(memory);
	return waits[0](fd);
}

START_TEST(one_with_other_code_is_left_alone)
{
	int fds[2], status;
	long r = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(change_code(fds[0]));
	/* until it has changed it the call is made */
	for (int e = 0; e != -EBADMSG;) {
		e = call(pid, SYS_getppid, nothing, &r);
		ck_assert(e == 0 || e == -EBADMSG || e == -EBUSY);
	}
	ck_assert(still_runs(pid));
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	close_pair(fds);
}
END_TEST

#else

START_TEST(it_says_that_it_cannot)
{
	static const unsigned long nothing[INJECT_ARGS];
	long r = 0;

	ck_assert_int_eq(inject_call(getppid(), -1, 0, nothing, &r), -EOPNOTSUPP);
}
END_TEST

#endif

Suite *inject_suite(void)
{
	Suite *s = suite_create("inject");
	TCase *t = tcase_create("inject");

#ifdef __x86_64__
	tcase_add_loop_test(t, call_is_made_and_the_other_one_goes_on, 0, N_WAITS);
	tcase_add_test(t, arguments_and_errors_come_through);
	tcase_add_test(t, call_takes_no_sixth_argument);
	tcase_add_test(t, one_that_never_waits);
	tcase_add_loop_test(t, one_that_is_stopped_stays_so, 0, 2);
	tcase_add_test(t, one_that_is_not_there);
	tcase_add_test(t, one_that_was_not_meant_is_left_alone);
	tcase_add_test(t, one_with_other_code_is_left_alone);
#else
	tcase_add_test(t, it_says_that_it_cannot);
#endif
	suite_add_tcase(s, t);
	return s;
}
