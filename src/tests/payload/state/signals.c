/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/signalfd.h>
#include <ucontext.h>

#include "state.h"

#define VALUES 5

static const struct timespec none;
static pid_t other;

static void block(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (errno)
		cannot("block a signal");
}

/* Takes a pending signal, if there is one. */
static bool take(int signo, siginfo_t *info)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	return sigtimedwait(&set, info, &none) == signo;
}

/* --- pending -------------------------------------------------------------- */

static void send_values(void)
{
	for (int i = 0; i < VALUES; i++)
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 100 + i});
	sigqueue(getpid(), SIGRTMIN + 5, (union sigval){.sival_int = 7});
	kill(getpid(), SIGUSR1);
}

static void set_pending(void)
{
	block(SIGRTMIN + 3);
	block(SIGRTMIN + 5);
	block(SIGUSR1);
	send_values();
}

static void verify_pending(void)
{
	siginfo_t info = {0};

	for (int i = 0; i < VALUES; i++) {
		if (!take(SIGRTMIN + 3, &info)) {
			complain("%d of %d are there", i, VALUES);
			break;
		}
		same("a value", 100 + i, info.si_value.sival_int);
		same("si_code", SI_QUEUE, info.si_code);
		same("si_pid", getpid(), info.si_pid);
	}
	if (take(SIGRTMIN + 3, &info))
		complain("there is one more, with %d", info.si_value.sival_int);
	if (!take(SIGRTMIN + 5, &info))
		complain("another number's signal is lost");
	if (!take(SIGUSR1, &info))
		complain("that of kill() is lost");
	same("si_code of that of kill()", SI_USER, info.si_code);
	send_values();
}

/* Each for a thread of its own, none for the process. */
static pid_t holders[2];
static volatile int asked[2], answered[2];

static void send_to_holders(void)
{
	for (int i = 0; i < 2; i++)
		syscall(SYS_tgkill, getpid(), holders[i], SIGRTMIN + 6 + i);
}

static void *hold_pending(void *arg)
{
	int i = (int)(intptr_t)arg;
	siginfo_t info;

	for (;;) {
		while (asked[i] == answered[i])
			syscall(SYS_sched_yield), usleep(1000);
		answered[i] += take(SIGRTMIN + 6 + i, &info) && !take(SIGRTMIN + 6 + !i, &info)
				       ? 1
				       : 1000000;
		if (answered[i] != asked[i])
			return NULL;
	}
}

static void set_pending_threads(void)
{
	block(SIGRTMIN + 6);
	block(SIGRTMIN + 7);
	for (int i = 0; i < 2; i++)
		holders[i] = start_thread(hold_pending, (void *)(intptr_t)i);
	send_to_holders();
}

static bool have_answered(void)
{
	return answered[0] >= asked[0] && answered[1] >= asked[1];
}

static void verify_pending_threads(void)
{
	sigset_t set;

	sigpending(&set);
	if (sigismember(&set, SIGRTMIN + 6) || sigismember(&set, SIGRTMIN + 7))
		complain("they are pending for the process");
	asked[0]++;
	asked[1]++;
	if (!comes(have_answered))
		complain("the threads do not answer");
	for (int i = 0; i < 2; i++)
		if (answered[i] != asked[i])
			complain("thread %d has not its own", i);
	send_to_holders();
}

/* --- what is done with signals -------------------------------------------- */

/* As the kernel has it: struct sigaction of the C library hides some of it. */
struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static struct kernel_sigaction actions[65];
static uint64_t mask;

static void read_actions(struct kernel_sigaction *ret)
{
	for (int i = 1; i <= 64; i++)
		syscall(SYS_rt_sigaction, i, NULL, &ret[i], 8);
}

static void on_signal(int signo)
{
	(void)signo;
}

static void set_actions(void)
{
	static const int flags[] = {SA_RESTART, SA_NODEFER,   SA_RESETHAND,
				    SA_ONSTACK, SA_NOCLDSTOP, 0};

	for (int i = 0; i < 6; i++) {
		struct sigaction sa = {.sa_handler = on_signal, .sa_flags = flags[i]};

		sigfillset(&sa.sa_mask);
		sigdelset(&sa.sa_mask, SIGRTMIN + 10 + i);
		TRY(sigaction(i == 4 ? SIGCHLD : SIGRTMIN + 10 + i, &sa, NULL));
	}
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	block(SIGWINCH);
	block(SIGRTMAX);
	read_actions(actions);
	TRY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
}

static void verify_actions(void)
{
	struct kernel_sigaction now[65] = {0};
	uint64_t now_mask = 0;

	read_actions(now);
	for (int i = 1; i <= 64; i++)
		if (memcmp(&now[i], &actions[i], sizeof(now[i])) != 0)
			complain("signal %d: handler %p flags %#lx mask %#llx instead of %p %#lx "
				 "%#llx",
				 i, now[i].handler, now[i].flags, (unsigned long long)now[i].mask,
				 actions[i].handler, actions[i].flags,
				 (unsigned long long)actions[i].mask);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &now_mask, 8);
	same("the mask", (long)mask, (long)now_mask);
}

static char stack[65536];
static volatile uintptr_t handled_at;

static void on_stack(int signo)
{
	char here;

	(void)signo;
	handled_at = (uintptr_t)&here;
}

static void set_altstack(void)
{
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction sa = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};

	TRY(sigaltstack(&ss, NULL));
	TRY(sigaction(SIGUSR2, &sa, NULL));
}

static void verify_altstack(void)
{
	stack_t ss = {0};

	sigaltstack(NULL, &ss);
	same("its size", sizeof(stack), (long)ss.ss_size);
	same("its address", (long)stack, (long)ss.ss_sp);
	handled_at = 0;
	raise(SIGUSR2);
	if (handled_at < (uintptr_t)stack || handled_at >= (uintptr_t)stack + sizeof(stack))
		complain("a handler runs at %#lx", (long)handled_at);
}

/* A handler that is in the middle of its work: its frame, and the mask that comes back with it. */
static volatile int in_handler, leave_handler, mask_is_back;

static void stay(int signo)
{
	in_handler = 1;
	while (!leave_handler)
		usleep(1000);
	leave_handler = 0;
	(void)signo;
}

static void *be_interrupted(void *arg)
{
	struct sigaction sa = {.sa_handler = stay};
	sigset_t set;

	(void)arg;
	sigfillset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	for (;;) {
		raise(SIGUSR1);
		pthread_sigmask(SIG_BLOCK, NULL, &set);
		mask_is_back += sigismember(&set, SIGUSR2) ? -1000 : 1;
	}
	return NULL;
}

static void set_in_handler(void)
{
	start_thread(be_interrupted, NULL);
	while (!in_handler)
		usleep(1000);
}

static int rounds;

static bool is_back(void)
{
	return mask_is_back != rounds;
}

static void verify_in_handler(void)
{
	rounds = mask_is_back;
	leave_handler = 1;
	if (!comes(is_back))
		complain("it does not return from its handler");
	same("what the handler has left", rounds + 1, mask_is_back);
}

/* --- signalfd ------------------------------------------------------------- */

static int sfd;

static void set_signalfd(void)
{
	sigset_t set;

	block(SIGRTMIN + 8);
	block(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 8);
	sfd = TRY(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	TRY(sigqueue(getpid(), SIGRTMIN + 8, (union sigval){.sival_int = 12}));
	TRY(kill(getpid(), SIGUSR1));
}

static void verify_signalfd(void)
{
	struct signalfd_siginfo info = {0};

	if (read(sfd, &info, sizeof(info)) != sizeof(info))
		complain("nothing to read: %s", strerror(errno));
	same("the signal", SIGRTMIN + 8, info.ssi_signo);
	same("its value", 12, info.ssi_int);
	if (read(sfd, &info, sizeof(info)) == sizeof(info))
		complain("signal %u comes, too", info.ssi_signo);
	sigqueue(getpid(), SIGRTMIN + 8, (union sigval){.sival_int = 12});
}

/* --- signals for files ---------------------------------------------------- */

#define OWNED_FD 500

static int owned[2];

static void set_fown(void)
{
	struct f_owner_ex owner = {F_OWNER_PID, getpid()};

	block(SIGRTMIN + 9);
	TRY(pipe2(owned, O_CLOEXEC));
	TRY(fcntl(owned[0], F_SETOWN_EX, &owner));
	TRY(fcntl(owned[0], F_SETSIG, SIGRTMIN + 9));
	/* a number that a restore does not come upon by chance */
	TRY(dup2(owned[0], OWNED_FD));
	TRY(fcntl(OWNED_FD, F_SETFL, O_ASYNC));
}

static void verify_fown(void)
{
	struct timespec minute = {60, 0};
	siginfo_t info = {0};
	sigset_t set;
	char c;

	same("F_GETOWN", getpid(), fcntl(owned[0], F_GETOWN));
	same("F_GETSIG", SIGRTMIN + 9, fcntl(owned[0], F_GETSIG));
	same("O_ASYNC", O_ASYNC, fcntl(owned[0], F_GETFL) & O_ASYNC);
	while (take(SIGRTMIN + 9, &info))
		;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 9);
	if (write(owned[1], "x", 1) != 1 || sigtimedwait(&set, &info, &minute) < 0)
		complain("no signal comes");
	same("si_fd", OWNED_FD, info.si_fd);
	if (read(owned[0], &c, 1) != 1)
		complain("nothing to read");
}

/* --- stopped -------------------------------------------------------------- */

static void run_on(void)
{
	for (;;)
		pause();
}

static void set_stopped(void)
{
	siginfo_t info;

	other = start_child(run_on);
	TRY(kill(other, SIGSTOP));
	TRY(waitid(P_PID, (id_t)other, &info, WSTOPPED));
}

static void set_stopped_unseen(void)
{
	siginfo_t info;

	other = start_child(run_on);
	TRY(kill(other, SIGSTOP));
	TRY(waitid(P_PID, (id_t)other, &info, WSTOPPED | WNOWAIT));
}

static const char *state_of(pid_t pid)
{
	return field_of(text_of("/proc/%d/status", (int)pid), "State");
}

static bool runs(void)
{
	return *state_of(other) == 'S';
}

static void verify_stopped(void)
{
	siginfo_t info = {0};

	same_text("its state", "T (stopped)", state_of(other));
	kill(other, SIGCONT);
	if (!comes(runs))
		complain("it does not continue, its state is %s", state_of(other));
	kill(other, SIGSTOP);
	waitid(P_PID, (id_t)other, &info, WSTOPPED);
}

static void verify_stopped_unseen(void)
{
	siginfo_t info = {0};

	same_text("its state", "T (stopped)", state_of(other));
	if (waitid(P_PID, (id_t)other, &info, WSTOPPED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != other)
		complain("its parent is not told any more that it has stopped");
	else
		same("the signal that stopped it", SIGSTOP, info.si_status);
}

const struct kind signal_kinds[] = {
	{"signals-pending", set_pending, verify_pending, NULL},
	{"signals-pending-threads", set_pending_threads, verify_pending_threads, NULL},
	{"signal-actions", set_actions, verify_actions, NULL},
	{"sigaltstack", set_altstack, verify_altstack, NULL},
	{"signal-handler-running", set_in_handler, verify_in_handler, NULL},
	{"signalfd", set_signalfd, verify_signalfd, NULL},
	{"file-owner-signal", set_fown, verify_fown, NULL},
	{"stopped", set_stopped, verify_stopped, NULL},
	{"stopped-not-waited-for", set_stopped_unseen, verify_stopped_unseen, NULL},
	{0},
};
