/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions without a leader above a process. Kinds of state.c, see there. */
#include <sys/mman.h>

#include "state.h"

static pid_t leader, member;
static int *shared; /* the member, as soon as it is there */

static void run_on(void)
{
	for (;;)
		pause();
}

static bool has_word(void)
{
	return __atomic_load_n(shared, __ATOMIC_ACQUIRE) != 0;
}

static void await_word(void)
{
	while (!has_word())
		usleep(1000);
}

static void tell(pid_t pid)
{
	__atomic_store_n(shared, pid, __ATOMIC_RELEASE);
}

static long parent_of(pid_t which)
{
	return strtol(field_of(text_of("/proc/%d/status", (int)which), "PPid"), NULL, 10);
}

static void begin(void (*lead)(void))
{
	shared = TRY(
		(int *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	leader = start_child(lead);
	if (!comes(has_word))
		cannot("start a process");
	member = *shared;
}

/* Adopted, with a child of its own, while the leader of its session lives beside it. */
static void lead_grandchild(void)
{
	setsid();
	if (fork() == 0) {
		if (fork() == 0) {
			start_child(run_on);
			tell(getpid());
			run_on();
		}
		await_word();
		_exit(0);
	}
	wait(NULL);
	run_on();
}

static void set_beside_leader(void)
{
	TRY(prctl(PR_SET_CHILD_SUBREAPER, 1));
	begin(lead_grandchild);
	while (parent_of(member) != getpid())
		usleep(1000);
}

static void verify_beside_leader(void)
{
	same("its session", leader, getsid(member));
	same("its parent", getpid(), parent_of(member));
	same("the leader's parent", getpid(), parent_of(leader));
}

/* A child that stays in the session that its parent has left, whose leader has exited. */
static void leave_session(void)
{
	setsid();
	if (fork() == 0) {
		pid_t child = start_child(run_on);

		setsid();
		tell(child);
		run_on();
	}
	await_word();
}

static void end_left_session(void)
{
	kill((pid_t)parent_of(member), SIGKILL);
}

static void set_left_session(void)
{
	begin(leave_session);
	at_end = end_left_session;
	TRY(waitpid(leader, NULL, 0));
}

static void verify_left_session(void)
{
	same("its session", leader, getsid(member));
	same("its parent's parent", 1, parent_of((pid_t)parent_of(member)));
}

const struct kind session_kinds[] = {
	{"subreaper-beside-leader", set_beside_leader, verify_beside_leader, NULL},
	{"left-session", set_left_session, verify_left_session, NULL},
	{0},
};
