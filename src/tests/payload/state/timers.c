/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "state.h"

/* Seconds that no test lasts, and what of them may be over when it is looked at. */
#define LONG	100000
#define SLACK	10000
#define ROUGHLY 120

static void about(const char *what, long wanted, long found)
{
	if (found > wanted || found < wanted - SLACK)
		complain("%s is %ld instead of about %ld", what, found, wanted);
}

static const int itimers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

static void set_itimers(void)
{
	for (int i = 0; i < 3; i++) {
		struct itimerval v = {{7 + i, 250000}, {LONG + i * SLACK, 0}};

		TRY(setitimer(itimers[i], &v, NULL));
	}
}

static void verify_itimers(void)
{
	for (int i = 0; i < 3; i++) {
		struct itimerval v = {0};

		getitimer(itimers[i], &v);
		about("the time left", LONG + i * SLACK, v.it_value.tv_sec);
		same("the interval's seconds", 7 + i, v.it_interval.tv_sec);
		same("the interval's microseconds", 250000, v.it_interval.tv_usec);
	}
}

static volatile sig_atomic_t fired;

static void on_timer(int signo)
{
	(void)signo;
	fired++;
}

static int fired_before;

static bool has_fired_twice(void)
{
	return fired >= fired_before + 2;
}

static void verify_fires(void)
{
	fired_before = fired;
	if (!comes(has_fired_twice))
		complain("it does not fire any more");
}

static void set_itimer_fires(void)
{
	struct sigaction sa = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
	struct itimerval v = {{0, 20000}, {0, 20000}};

	TRY(sigaction(SIGALRM, &sa, NULL));
	TRY(setitimer(ITIMER_REAL, &v, NULL));
}

/* --- POSIX timers --------------------------------------------------------- */

static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME};
static timer_t timers[4];

static void set_posix_timers(void)
{
	timer_t gone;

	/* The numbers are not in a row then. */
	TRY(timer_create(CLOCK_MONOTONIC, NULL, &gone));
	for (int i = 0; i < 3; i++) {
		struct sigevent event = {.sigev_notify = i == 1 ? SIGEV_NONE : SIGEV_SIGNAL,
					 .sigev_signo = SIGRTMIN + i};
		struct itimerspec v = {{5 + i, 1}, {LONG, 0}};

		TRY(timer_create(clocks[i], &event, &timers[i]));
		TRY(timer_settime(timers[i], 0, &v, NULL));
	}
	TRY(timer_delete(gone));
}

static void verify_posix_timers(void)
{
	for (int i = 0; i < 3; i++) {
		struct itimerspec v = {0};

		if (timer_gettime(timers[i], &v) < 0)
			complain("a timer is gone: %s", strerror(errno));
		about("the time left", LONG, v.it_value.tv_sec);
		same("the interval's seconds", 5 + i, v.it_interval.tv_sec);
		same("the interval's nanoseconds", 1, v.it_interval.tv_nsec);
	}
}

/* Signals with a value to a thread that waits for them. */
static timer_t ticking;
static volatile int ticks, strange_ticks;
static pid_t ticked;

static void *take_ticks(void *arg)
{
	siginfo_t info;
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	for (;;) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		ticks++;
		strange_ticks += info.si_code != SI_TIMER || info.si_value.sival_int != 4711;
	}
	return NULL;
}

static void set_timer_ticks(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 2};
	struct itimerspec v = {{0, 20000000}, {0, 20000000}};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	TRY(sigprocmask(SIG_BLOCK, &set, NULL));
	ticked = start_thread(take_ticks, NULL);
	event.sigev_value.sival_int = 4711;
	event._sigev_un._tid = ticked;
	TRY(timer_create(CLOCK_MONOTONIC, &event, &ticking));
	TRY(timer_settime(ticking, 0, &v, NULL));
}

static bool has_ticked_twice(void)
{
	return ticks >= fired_before + 2;
}

static void verify_timer_ticks(void)
{
	fired_before = ticks;
	if (!comes(has_ticked_twice))
		complain("it does not tick any more");
	same("the number of strange signals", 0, strange_ticks);
}

/* Expired with its signal blocked: pending, and once only. */
static void set_timer_expired(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4};
	struct itimerspec v = {{0, 0}, {0, 1000}};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	TRY(sigprocmask(SIG_BLOCK, &set, NULL));
	event.sigev_value.sival_int = 815;
	TRY(timer_create(CLOCK_MONOTONIC, &event, &timers[0]));
	TRY(timer_settime(timers[0], 0, &v, NULL));
	do
		TRY(sigpending(&set));
	while (!sigismember(&set, SIGRTMIN + 4));
}

static void verify_timer_expired(void)
{
	struct itimerspec v = {{0, 0}, {0, 1000}};
	struct timespec minute = {60, 0}, none = {0, 0};
	siginfo_t info = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	if (sigtimedwait(&set, &info, &none) < 0)
		complain("its signal is not pending");
	else
		same("its value", 815, info.si_value.sival_int);
	if (sigtimedwait(&set, &info, &none) >= 0)
		complain("its signal comes twice");
	/* works again, and is expired again */
	if (timer_settime(timers[0], 0, &v, NULL) < 0 || sigtimedwait(&set, &info, &minute) < 0)
		complain("it does not fire any more");
	timer_settime(timers[0], 0, &v, NULL);
	do
		sigpending(&set);
	while (!sigismember(&set, SIGRTMIN + 4));
}

/* --- timerfd -------------------------------------------------------------- */

static int fds[3];
static struct timespec start;

static void set_timerfds(void)
{
	struct itimerspec relative = {{3, 5}, {LONG, 0}}, absolute = {{0, 0}, {0, 0}};
	struct itimerspec at_once = {{0, 0}, {0, 1}};
	struct pollfd p;

	for (int i = 0; i < 3; i++)
		fds[i] = TRY(timerfd_create(i == 1 ? CLOCK_REALTIME : CLOCK_MONOTONIC,
					    TFD_CLOEXEC | TFD_NONBLOCK));
	TRY(clock_gettime(CLOCK_REALTIME, &start));
	absolute.it_value.tv_sec = start.tv_sec + LONG;
	TRY(timerfd_settime(fds[0], 0, &relative, NULL));
	TRY(timerfd_settime(fds[1], TFD_TIMER_ABSTIME, &absolute, NULL));
	TRY(timerfd_settime(fds[2], 0, &at_once, NULL));
	p = (struct pollfd){.fd = fds[2], .events = POLLIN};
	TRY(poll(&p, 1, -1));
}

static void verify_timerfds(void)
{
	struct itimerspec v = {0}, at_once = {{0, 0}, {0, 1}};
	struct pollfd p = {.fd = fds[2], .events = POLLIN};
	struct timespec now;
	uint64_t n = 0;

	timerfd_gettime(fds[0], &v);
	about("the time left of the relative one", LONG, v.it_value.tv_sec);
	same("its interval", 3, v.it_interval.tv_sec);
	timerfd_gettime(fds[1], &v);
	clock_gettime(CLOCK_REALTIME, &now);
	/* The end is a moment, but for what a dump and a restore take on a slow machine. */
	if (labs(start.tv_sec + LONG - now.tv_sec - v.it_value.tv_sec) > ROUGHLY)
		complain("the absolute one ends %ld s off",
			 now.tv_sec + v.it_value.tv_sec - start.tv_sec - LONG);
	if (poll(&p, 1, 0) != 1)
		complain("the expiration that was not read is lost");
	else if (read(fds[2], &n, sizeof(n)) != sizeof(n) || n != 1)
		complain("it has expired %llu times instead of once", (unsigned long long)n);
	timerfd_settime(fds[2], 0, &at_once, NULL);
	if (poll(&p, 1, 10000) != 1)
		complain("it does not expire any more");
}

/* One that ticks, and that nobody has looked at for a while. */
static void set_timerfd_ticks(void)
{
	struct itimerspec tick = {{0, 20000000}, {0, 20000000}};
	struct pollfd p;

	fds[0] = TRY(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	TRY(timerfd_settime(fds[0], 0, &tick, NULL));
	p = (struct pollfd){.fd = fds[0], .events = POLLIN};
	TRY(poll(&p, 1, -1));
}

static void verify_timerfd_ticks(void)
{
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	uint64_t n = 0;

	for (int i = 0; i < 2; i++)
		if (poll(&p, 1, 10000) != 1 || read(fds[0], &n, sizeof(n)) != sizeof(n) || n == 0) {
			complain("it ticks %d times and stops", i);
			break;
		}
	close(fds[0]);
	set_timerfd_ticks();
}

/* --- clocks --------------------------------------------------------------- */

static struct timespec last[3];

static void read_clocks(void)
{
	for (int i = 0; i < 3; i++)
		clock_gettime(clocks[i], &last[i]);
}

static void verify_clocks(void)
{
	static const char *const names[] = {"CLOCK_MONOTONIC", "CLOCK_REALTIME", "CLOCK_BOOTTIME"};
	struct timespec before[3], bare;

	memcpy(before, last, sizeof(before));
	read_clocks();
	for (int i = 0; i < 3; i++) {
		double step = (double)(last[i].tv_sec - before[i].tv_sec) +
			      (double)(last[i].tv_nsec - before[i].tv_nsec) / 1e9;

		if (step < 0 || step > SLACK)
			complain("%s has gone %.3f s", names[i], step);
		/* without the vdso */
		syscall(SYS_clock_gettime, clocks[i], &bare);
		if (labs(bare.tv_sec - last[i].tv_sec) > 60)
			complain("the vdso and the kernel differ on %s", names[i]);
	}
}

const struct kind timer_kinds[] = {
	{"itimers", set_itimers, verify_itimers, NULL},
	{"itimer-fires", set_itimer_fires, verify_fires, NULL},
	{"posix-timers", set_posix_timers, verify_posix_timers, NULL},
	{"posix-timer-to-thread", set_timer_ticks, verify_timer_ticks, NULL},
	{"posix-timer-expired", set_timer_expired, verify_timer_expired, NULL},
	{"timerfds", set_timerfds, verify_timerfds, NULL},
	{"timerfd-ticks-unread", set_timerfd_ticks, verify_timerfd_ticks, NULL},
	{"clocks", read_clocks, verify_clocks, NULL},
	{0},
};
