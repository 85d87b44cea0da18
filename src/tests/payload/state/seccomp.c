/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "state.h"

/* Each is a call that nobody misses, denied with an error that it never has. */
#define ERROR_OF_ONE   61
#define ERROR_OF_OTHER 62

static bool filter_by_argument;

/* Denies a call; if it is wanted, only when its first argument is 17. */
static void add_filter(long number, unsigned int action, unsigned int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, filter_by_argument ? 17 : 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

static void same_error(const char *what, int wanted, long returned)
{
	int found = returned == -1 ? errno : 0;

	same(what, wanted, found);
}

static void try_one(const char *what)
{
	same_error(what, ERROR_OF_ONE, syscall(SYS_sync_file_range, -1, 0, 0, 0));
}

static void set_filter(void)
{
	add_filter(SYS_sync_file_range, SECCOMP_RET_ERRNO | ERROR_OF_ONE, 0);
}

static void verify_filter(void)
{
	try_one("the error of a denied call");
	same_error("the error of another call", EBADF, syscall(SYS_fdatasync, -1));
	same("PR_GET_SECCOMP", 2, prctl(PR_GET_SECCOMP));
}

static void set_stacked(void)
{
	filter_by_argument = true;
	add_filter(SYS_sync_file_range, SECCOMP_RET_ERRNO | ERROR_OF_OTHER,
		   SECCOMP_FILTER_FLAG_LOG);
	filter_by_argument = false;
	add_filter(SYS_vhangup, SECCOMP_RET_ERRNO | ERROR_OF_OTHER, 0);
	add_filter(SYS_vhangup, SECCOMP_RET_ERRNO | ERROR_OF_ONE, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void verify_stacked(void)
{
	same_error("with a small argument", EBADF, syscall(SYS_sync_file_range, 16, 0, 0, 0));
	same_error("with a large one", ERROR_OF_OTHER, syscall(SYS_sync_file_range, 17, 0, 0, 0));
	/* the newest one counts */
	same_error("with two filters for it", ERROR_OF_ONE, syscall(SYS_vhangup));
	same_text("how many there are", "3",
		  field_of(text_of("/proc/self/status"), "Seccomp_filters"));
}

/* --- threads -------------------------------------------------------------- */

static volatile int question, answers[2];

static void *try_in_thread(void *arg)
{
	int i = (int)(intptr_t)arg, seen = 0;

	if (i == 1 && strcmp(this_kind->name, "seccomp-one-thread") == 0)
		add_filter(SYS_sync_file_range, SECCOMP_RET_ERRNO | ERROR_OF_ONE, 0);
	for (;;) {
		while (seen == question)
			usleep(1000);
		seen++;
		answers[i] = syscall(SYS_sync_file_range, -1, 0, 0, 0) < 0 ? errno : 0;
	}
	return NULL;
}

static bool have_answered(void)
{
	return answers[0] && answers[1];
}

static void ask_threads(int first, int second)
{
	answers[0] = answers[1] = 0;
	question++;
	if (!comes(have_answered))
		complain("the threads do not answer");
	same("the error in one thread", first, answers[0]);
	same("the error in another", second, answers[1]);
}

static void set_tsync(void)
{
	for (int i = 0; i < 2; i++)
		start_thread(try_in_thread, (void *)(intptr_t)i);
	add_filter(SYS_sync_file_range, SECCOMP_RET_ERRNO | ERROR_OF_ONE,
		   SECCOMP_FILTER_FLAG_TSYNC);
}

static void await_filter(pid_t tid)
{
	while (strcmp(field_of(text_of("/proc/self/task/%d/status", (int)tid), "Seccomp"), "2") !=
	       0)
		usleep(1000);
}

static void set_one_thread(void)
{
	start_thread(try_in_thread, (void *)0);
	await_filter(start_thread(try_in_thread, (void *)1));
}

static void verify_tsync(void)
{
	ask_threads(ERROR_OF_ONE, ERROR_OF_ONE);
	try_one("the error in the first thread");
}

static void verify_one_thread(void)
{
	ask_threads(EBADF, ERROR_OF_ONE);
	same_error("the error in the first thread", EBADF,
		   syscall(SYS_sync_file_range, -1, 0, 0, 0));
}

/* --- with a handler, and inherited ---------------------------------------- */

static volatile int trapped;

static void on_trap(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	trapped = info->si_syscall;
}

static void set_trap(void)
{
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	TRY(sigaction(SIGSYS, &sa, NULL));
	add_filter(SYS_vhangup, SECCOMP_RET_TRAP, 0);
}

static void verify_trap(void)
{
	trapped = 0;
	syscall(SYS_vhangup);
	same("the trapped call", SYS_vhangup, trapped);
}

static int status;

static void try_in_child(void)
{
	_exit(syscall(SYS_sync_file_range, -1, 0, 0, 0) < 0 ? errno : 0);
}

static void verify_inherited(void)
{
	waitpid(start_child(try_in_child), &status, 0);
	same("the error in a child", ERROR_OF_ONE, WEXITSTATUS(status));
}

/* Nothing but read(), write() and the end. */
static int ends[2][2];

static void be_strict(void)
{
	char byte;

	TRY(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	while (read(ends[0][0], &byte, 1) == 1)
		if (write(ends[1][1], "y", 1) != 1)
			break;
	syscall(SYS_exit, 0);
}

static pid_t strict;

static void set_strict(void)
{
	TRY(pipe2(ends[0], O_CLOEXEC));
	TRY(pipe2(ends[1], O_CLOEXEC));
	strict = start_child(be_strict);
	await_call(strict, SYS_read);
}

static void verify_strict(void)
{
	char byte = 0;

	if (write(ends[0][1], "x", 1) != 1 || read(ends[1][0], &byte, 1) != 1)
		complain("it does not answer");
	same_text("its mode", "1", field_of(text_of("/proc/%d/status", (int)strict), "Seccomp"));
}

const struct kind seccomp_kinds[] = {
	{"seccomp", set_filter, verify_filter, NULL},
	{"seccomp-stacked", set_stacked, verify_stacked, NULL},
	{"seccomp-tsync", set_tsync, verify_tsync, NULL},
	{"seccomp-one-thread", set_one_thread, verify_one_thread, NULL},
	{"seccomp-trap", set_trap, verify_trap, NULL},
	{"seccomp-inherited", set_filter, verify_inherited, NULL},
	{"seccomp-strict", set_strict, verify_strict, NULL},
	{0},
};
