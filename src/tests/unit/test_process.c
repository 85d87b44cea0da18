/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/process_walk.c: which processes a walk over a container's finds; a child plays its init.
 * sys/process.c: whether one has ended. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/process.h"
#include "unit.h"
#include "util/clock.h"
#include "util/fd.h"

#define DEEP 60

static int said[2], over[2];

/* Every process says its number, and lasts until the test closes its end. */
_Noreturn static void last(void)
{
	const pid_t self = getpid();
	char c;

	close(over[1]);
	if (write_all(said[1], &self, sizeof(self)) == 0)
		(void)!read(over[0], &c, 1);
	_exit(0);
}

static void *fork_in_thread(void *unused)
{
	(void)unused;
	if (fork() == 0)
		last();
	pause();
	return NULL;
}

/* A chain of processes, each the only child of the one above it. */
static void fork_chain(int n)
{
	if (fork() != 0)
		return;
	if (n > 1)
		fork_chain(n - 1);
	last();
}

_Noreturn static void play_init(void)
{
	pthread_t thread;

	fork_chain(DEEP);
	if (pthread_create(&thread, NULL, fork_in_thread, NULL) != 0)
		_exit(1);
	last();
}

struct walk {
	pid_t seen[DEEP + 8];
	size_t n, stop_at;
};

static int note(pid_t pid, void *userdata)
{
	struct walk *w = userdata;

	ck_assert_uint_lt(w->n, DEEP + 8);
	w->seen[w->n++] = pid;
	return w->n == w->stop_at ? 7 : 0;
}

static bool has(const struct walk *w, pid_t pid)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->seen[i] == pid)
			return true;
	return false;
}

static pid_t begin(pid_t said_by[], size_t n)
{
	pid_t init;

	ck_assert_int_eq(pipe(said), 0);
	ck_assert_int_eq(pipe(over), 0);
	init = fork();
	if (init == 0)
		play_init();
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(read(said[0], &said_by[i], sizeof(pid_t)), sizeof(pid_t));
	return init;
}

static void end(pid_t init)
{
	close(over[1]);
	close(over[0]);
	close(said[0]);
	close(said[1]);
	ck_assert_int_ge(wait_status(init), 0);
}

START_TEST(test_walk)
{
	pid_t all[DEEP + 2], init = begin(all, DEEP + 2);
	struct walk w = {0};

	ck_assert_int_eq(for_each_process(init, note, &w), 0);
	/* the chain, the thread's child and itself, each once; not the test, nor its other children
	 */
	ck_assert_uint_eq(w.n, DEEP + 2);
	for (size_t i = 0; i < DEEP + 2; i++)
		ck_assert(has(&w, all[i]));
	ck_assert_int_eq(w.seen[0], init);
	end(init);
}
END_TEST

START_TEST(test_walk_ends)
{
	pid_t all[DEEP + 2], init = begin(all, DEEP + 2);
	struct walk w = {.stop_at = 3};

	ck_assert_int_eq(for_each_process(init, note, &w), 7);
	ck_assert_uint_eq(w.n, 3);
	end(init);
}
END_TEST

START_TEST(test_walk_of_none)
{
	struct walk w = {0};
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_ge(wait_status(pid), 0);
	ck_assert_int_eq(for_each_process(pid, note, &w), 0);
	ck_assert_uint_eq(w.n, 0);
}
END_TEST

/*
 * Each process that the walk comes to has a child then, which kills the process above the two: the
 * walk would never come to the end of them.
 */
_Noreturn static void play_generations(int turn)
{
	pid_t above = 0;
	char c;

	while (read(turn, &c, 1) == 1) {
		const pid_t self = getpid(), child = fork();

		if (child != 0) {
			if (child < 0 || write_all(said[1], &child, sizeof(child)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		if (above > 0)
			kill(above, SIGKILL);
		above = self;
	}
	_exit(0);
}

struct generations {
	int turn;
	pid_t last, next;
	int64_t end;
};

static int let_one_begin(pid_t pid, void *userdata)
{
	struct generations *g = userdata;

	if (pid != g->next || monotonic_ms() > g->end)
		return 7;
	g->last = pid;
	return write_all(g->turn, "x", 1) == 0 &&
			       read(said[0], &g->next, sizeof(pid_t)) == sizeof(pid_t)
		       ? 0
		       : 8;
}

static int walk_generations(void)
{
	struct generations g = {.end = monotonic_ms() + 3000};
	int turn[2], r;

	/* whoever dies is gone at once */
	signal(SIGCHLD, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe(turn) < 0 || pipe(said) < 0)
		return 9;
	g.turn = turn[1];
	g.next = fork();
	if (g.next == 0)
		play_generations(turn[0]);
	r = for_each_process(g.next, let_one_begin, &g);
	if (g.last > 0)
		kill(g.last, SIGKILL);
	kill(g.next, SIGKILL);
	return r;
}

START_TEST(test_walk_after_those_who_begin)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(walk_generations());
	ck_assert_int_eq(wait_status(pid), 0);
}
END_TEST

START_TEST(test_gone)
{
	struct rlimit old, none;
	bool here, other;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_ge(wait_status(pid), 0);
	ck_assert(process_is_gone(pid));
	ck_assert(process_is_gone(0));
	ck_assert(!process_is_gone(getpid()));
	/* who cannot look knows nothing */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){0, old.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	here = !process_is_gone(getpid());
	other = !process_is_gone(pid);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert(here && other);
}
END_TEST

Suite *process_suite(void)
{
	Suite *s = suite_create("process");
	TCase *t = tcase_create("walk");

	tcase_add_test(t, test_walk);
	tcase_add_test(t, test_walk_ends);
	tcase_add_test(t, test_walk_of_none);
	tcase_add_test(t, test_walk_after_those_who_begin);
	tcase_add_test(t, test_gone);
	suite_add_tcase(s, t);
	return s;
}
