/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls that wait while a checkpoint is made: they go on waiting, or return with
 * EINTR as from a signal, which is what a program sees then.
 */
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "state.h"

#define FOREVER 100000

struct call {
	long number;
	void (*prepare)(void);
	long (*enter)(void);
	void (*wake)(void); /* what ends it; NULL for what only time ends */
	long wanted;	    /* what it returns then */
};

static const struct call *call;
static int ends[2] = {-1, -1};
static int futex_word, queue, returned;
static struct timespec rest;
static pid_t waiter, partner;
static long result;
static int error;

static void *enter_call(void *arg)
{
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	result = call->enter();
	error = errno;
	__atomic_store_n(&returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void enter(void)
{
	returned = 0;
	waiter = start_thread(enter_call, NULL);
	await_call(waiter, call->number);
}

static void set_blocked(void)
{
	call = this_kind->arg;
	if (call->prepare)
		call->prepare();
	enter();
}

static bool has_returned(void)
{
	return __atomic_load_n(&returned, __ATOMIC_ACQUIRE);
}

/* Whether it is still to be run after a checkpoint is over: then it tells nothing yet. */
static bool has_settled(void)
{
	return has_returned() || is_in_call(waiter, call->number);
}

static void verify_blocked(void)
{
	comes(has_settled);
	if (has_returned()) {
		complain("returned %ld (%s)", result, result < 0 ? strerror(error) : "no error");
		enter();
	}
	if (!call->wake)
		return;
	call->wake();
	if (!comes(has_returned))
		complain("nothing wakes it any more");
	else
		same("what it returns", call->wanted, result);
	enter();
}

/* --- only time ends them -------------------------------------------------- */

static long do_nanosleep(void)
{
	const struct timespec t = {FOREVER, 0};

	return syscall(SYS_nanosleep, &t, &rest);
}

static long do_clock_nanosleep(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += FOREVER;
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static long do_pause(void)
{
	return syscall(SYS_pause);
}

/* --- a byte into a pipe ends them ----------------------------------------- */

static void make_pipe(void)
{
	TRY(pipe2(ends, O_CLOEXEC));
}

static void write_byte(void)
{
	TRY(write(ends[1], "x", 1));
}

static void take_byte(void)
{
	char c;

	TRY(read(ends[0], &c, 1));
}

static long do_read(void)
{
	char c;

	return read(ends[0], &c, 1);
}

static long poll_for(int ms)
{
	struct pollfd p = {.fd = ends[0], .events = POLLIN};
	long r = syscall(SYS_poll, &p, 1, ms);

	if (r == 1)
		take_byte();
	return r;
}

static long do_poll(void)
{
	return poll_for(-1);
}

static long do_poll_timeout(void)
{
	return poll_for(FOREVER * 1000);
}

static long do_select(void)
{
	struct timeval t = {FOREVER, 0};
	fd_set set;
	long r;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	r = syscall(SYS_select, ends[0] + 1, &set, NULL, NULL, &t);
	if (r == 1)
		take_byte();
	return r;
}

static int epoll;

static void make_epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	make_pipe();
	epoll = TRY(epoll_create1(EPOLL_CLOEXEC));
	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
}

static long do_epoll_wait(void)
{
	struct epoll_event event;
	long r = syscall(SYS_epoll_wait, epoll, &event, 1, -1);

	if (r == 1)
		take_byte();
	return r;
}

/* --- futexes -------------------------------------------------------------- */

static long wait_futex(const struct timespec *timeout)
{
	return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, timeout, NULL, 0);
}

static long do_futex(void)
{
	return wait_futex(NULL);
}

static long do_futex_timeout(void)
{
	const struct timespec t = {FOREVER, 0};

	return wait_futex(&t);
}

static void wake_futex(void)
{
	syscall(SYS_futex, &futex_word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* --- sockets -------------------------------------------------------------- */

static void make_sockets(void)
{
	struct timeval t = {FOREVER, 0};

	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	TRY(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
}

static long do_recv(void)
{
	char c;

	return recv(ends[0], &c, 1, 0);
}

static struct sockaddr_un listening = {.sun_family = AF_UNIX, .sun_path = "listening"};

static void make_listening(void)
{
	ends[0] = TRY(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(bind(ends[0], (struct sockaddr *)&listening, sizeof(listening)));
	TRY(listen(ends[0], 5));
}

static long do_accept(void)
{
	int fd = accept(ends[0], NULL, NULL);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void connect_once(void)
{
	int fd = TRY(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (connect(fd, (struct sockaddr *)&listening, sizeof(listening)) < 0)
		complain("nothing listens: %s", strerror(errno));
	close(fd);
}

/* --- locks, children, signals, IPC ---------------------------------------- */

static void hold_flock(void)
{
	close(TRY(open("locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
	ends[0] = TRY(open("locked", O_RDWR | O_CLOEXEC));
	ends[1] = TRY(open("locked", O_RDWR | O_CLOEXEC));
	TRY(flock(ends[0], LOCK_EX));
}

static long do_flock(void)
{
	long r = flock(ends[1], LOCK_EX);

	/* held by the first one again, for the next time */
	if (r == 0) {
		flock(ends[1], LOCK_UN);
		flock(ends[0], LOCK_EX);
	}
	return r;
}

static void release_flock(void)
{
	flock(ends[0], LOCK_UN);
}

static void wait_for_kill(void)
{
	for (;;)
		pause();
}

static void make_partner(void)
{
	partner = start_child(wait_for_kill);
}

static long do_waitpid(void)
{
	pid_t who = partner;

	return waitpid(who, NULL, 0) == who ? 0 : -1;
}

/* The next one is made here: it ends with the thread that made it. */
static void kill_partner(void)
{
	pid_t old = partner;

	make_partner();
	kill(old, SIGKILL);
}

static long do_sigwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	return sigwaitinfo(&set, NULL) == SIGRTMIN + 1 ? 0 : -1;
}

static void send_signal(void)
{
	syscall(SYS_tgkill, getpid(), waiter, SIGRTMIN + 1);
}

static void make_semaphore(void)
{
	queue = TRY(semget(IPC_PRIVATE, 1, 0600));
}

static long do_semop(void)
{
	struct sembuf op = {0, -1, 0};

	return semop(queue, &op, 1);
}

static void raise_semaphore(void)
{
	struct sembuf op = {0, 1, 0};

	semop(queue, &op, 1);
}

static void make_queue(void)
{
	queue = TRY(msgget(IPC_PRIVATE, 0600));
}

static long do_msgrcv(void)
{
	struct {
		long type;
		char c;
	} message;

	return msgrcv(queue, &message, 1, 0, 0);
}

static void send_message(void)
{
	struct {
		long type;
		char c;
	} message = {1, 'x'};

	msgsnd(queue, &message, 1, 0);
}

static long do_open_fifo(void)
{
	int fd = open("fifo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void make_fifo(void)
{
	if (syscall(SYS_mknod, "fifo", S_IFIFO | 0600, 0) < 0)
		cannot("mknod fifo");
}

static void open_fifo(void)
{
	close(open("fifo", O_WRONLY | O_CLOEXEC));
}

#define CALL(...)                                                                                  \
	&(const struct call)                                                                       \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define BLOCKED(name, ...) {"blocked-in-" name, set_blocked, verify_blocked, CALL(__VA_ARGS__)}

const struct kind blocked_kinds[] = {
	BLOCKED("nanosleep", SYS_nanosleep, NULL, do_nanosleep, NULL, 0),
	BLOCKED("clock_nanosleep", SYS_clock_nanosleep, NULL, do_clock_nanosleep, NULL, 0),
	BLOCKED("pause", SYS_pause, NULL, do_pause, NULL, 0),
	BLOCKED("read", SYS_read, make_pipe, do_read, write_byte, 1),
	BLOCKED("poll", SYS_poll, make_pipe, do_poll, write_byte, 1),
	BLOCKED("poll-timeout", SYS_poll, make_pipe, do_poll_timeout, write_byte, 1),
	BLOCKED("select", SYS_select, make_pipe, do_select, write_byte, 1),
	BLOCKED("epoll_wait", SYS_epoll_wait, make_epoll, do_epoll_wait, write_byte, 1),
	BLOCKED("futex", SYS_futex, NULL, do_futex, wake_futex, 0),
	BLOCKED("futex-timeout", SYS_futex, NULL, do_futex_timeout, wake_futex, 0),
	BLOCKED("recv-timeout", SYS_recvfrom, make_sockets, do_recv, write_byte, 1),
	BLOCKED("accept", SYS_accept, make_listening, do_accept, connect_once, 0),
	BLOCKED("flock", SYS_flock, hold_flock, do_flock, release_flock, 0),
	BLOCKED("waitpid", SYS_wait4, make_partner, do_waitpid, kill_partner, 0),
	BLOCKED("sigwaitinfo", SYS_rt_sigtimedwait, NULL, do_sigwait, send_signal, 0),
	BLOCKED("semop", SYS_semtimedop, make_semaphore, do_semop, raise_semaphore, 0),
	BLOCKED("msgrcv", SYS_msgrcv, make_queue, do_msgrcv, send_message, 1),
	BLOCKED("open-fifo", SYS_openat, make_fifo, do_open_fifo, open_fifo, 0),
	{0},
};
