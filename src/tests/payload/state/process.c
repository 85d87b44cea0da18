/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/stat.h>

#include "state.h"

static pid_t pid, others[3];
static int *shared;

static void run_on(void)
{
	for (;;)
		pause();
}

/* A word in memory that all processes of a kind have. */
static int *shared_words(void)
{
	return TRY(
		(int *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static bool has_word(void)
{
	return __atomic_load_n(shared, __ATOMIC_ACQUIRE) != 0;
}

static void await_word(void)
{
	if (!comes(has_word))
		cannot("start a process");
}

static const char *status_of(pid_t which, const char *name)
{
	return field_of(text_of("/proc/%d/status", (int)which), name);
}

static long parent_of(pid_t which)
{
	return atol(status_of(which, "PPid"));
}

/* --- groups and sessions -------------------------------------------------- */

static void lead_group(void)
{
	setpgid(0, 0);
	run_on();
}

static void lead_session(void)
{
	setsid();
	others[0] = start_child(run_on);
	*shared = others[0];
	run_on();
}

static void join_group(void)
{
	setpgid(0, others[0]);
	run_on();
}

static void set_groups(void)
{
	shared = shared_words();
	others[0] = start_child(lead_group);
	await_call(others[0], SYS_pause);
	others[1] = start_child(join_group);
	await_call(others[1], SYS_pause);
	others[2] = start_child(lead_session);
	await_word();
	pid = *shared;
}

static void verify_groups(void)
{
	same("the own session", getpid(), getsid(0));
	same("a leader's group", others[0], getpgid(others[0]));
	same("its session", getpid(), getsid(others[0]));
	same("a member's group", others[0], getpgid(others[1]));
	same("another session", others[2], getsid(others[2]));
	same("a grandchild's session", others[2], getsid(pid));
	same("its group", others[2], getpgid(pid));
	same("its parent", others[2], parent_of(pid));
}

/* The leader has ended: its number lives on in the group of the others. */
static void end_at_once(void)
{
	setpgid(0, 0);
	while (!*shared)
		usleep(1000);
}

static void join_then_wait(void)
{
	setpgid(0, others[0]);
	run_on();
}

static void set_leaderless_group(void)
{
	shared = shared_words();
	others[0] = start_child(end_at_once);
	while (getpgid(others[0]) != others[0])
		usleep(1000);
	others[1] = start_child(join_then_wait);
	await_call(others[1], SYS_pause);
	*shared = 1;
	TRY(waitpid(others[0], NULL, 0));
}

static void verify_leaderless_group(void)
{
	same("the group", others[0], getpgid(others[1]));
}

static void keep_without_parent(void)
{
	if (strcmp(this_kind->name, "subreaper") != 0)
		setsid();
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		__atomic_store_n(shared, getpid(), __ATOMIC_RELEASE);
		run_on();
	}
	while (!has_word())
		usleep(1000);
}

static void set_orphan(void)
{
	shared = shared_words();
	others[0] = start_child(keep_without_parent);
	await_word();
	TRY(waitpid(others[0], NULL, 0));
	pid = *shared;
}

static void verify_orphan(void)
{
	same("its parent", 1, parent_of(pid));
	same("its session", others[0], getsid(pid));
	same("its group", others[0], getpgid(pid));
}

static void set_subreaper(void)
{
	TRY(prctl(PR_SET_CHILD_SUBREAPER, 1));
	set_orphan();
}

static void verify_subreaper(void)
{
	int is = 0;

	prctl(PR_GET_CHILD_SUBREAPER, &is);
	same("PR_GET_CHILD_SUBREAPER", 1, is);
	same("an orphan's parent", getpid(), parent_of(pid));
	kill(pid, SIGKILL);
	same("waiting for it", pid, waitpid(pid, NULL, 0));
	/* and those to come are its, too */
	set_orphan();
	same("a new orphan's parent", getpid(), parent_of(pid));
}

/* --- the dead ------------------------------------------------------------- */

static void end_with_7(void)
{
	_exit(7);
}

static void set_zombies(void)
{
	siginfo_t info;

	others[0] = start_child(end_with_7);
	others[1] = start_child(run_on);
	kill(others[1], SIGUSR1);
	for (int i = 0; i < 2; i++)
		TRY(waitid(P_PID, (id_t)others[i], &info, WEXITED | WNOWAIT));
}

static void verify_zombies(void)
{
	int status = 0;

	same_text("its state", "Z (zombie)", status_of(others[0], "State"));
	same("waiting for who ended", others[0], waitpid(others[0], &status, WNOHANG));
	same("its status", 7 << 8, status);
	same("waiting for who was killed", others[1], waitpid(others[1], &status, WNOHANG));
	same("its status", SIGUSR1, status);
	set_zombies();
}

/* A thread that is no more was the first one. */
static void *outlive(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void end_first_thread(void)
{
	start_thread(outlive, NULL);
	syscall(SYS_exit, 0);
}

static bool first_is_dead(void)
{
	return *status_of(pid, "State") == 'Z';
}

static void set_dead_leader(void)
{
	pid = start_child(end_first_thread);
	if (!comes(first_is_dead))
		cannot("end a first thread");
}

static void verify_dead_leader(void)
{
	same_text("its threads", "2", status_of(pid, "Threads"));
	same("waiting for it", 0, waitpid(pid, NULL, WNOHANG));
}

static void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	run_on();
}

/* A parent that dies, whose child has to go with it. */
static void have_child(void)
{
	pid_t child = start_child(end_with_parent);

	await_call(child, SYS_pause);
	*shared = child;
	run_on();
}

static bool child_is_gone(void)
{
	return *status_of(pid, "State") == 'Z';
}

static void start_family(void)
{
	*shared = 0;
	others[0] = start_child(have_child);
	await_word();
	pid = *shared;
}

static void set_family(void)
{
	TRY(prctl(PR_SET_CHILD_SUBREAPER, 1));
	shared = shared_words();
	start_family();
}

static void verify_family(void)
{
	int status = 0;

	kill(others[0], SIGKILL);
	waitpid(others[0], NULL, 0);
	if (!comes(child_is_gone))
		complain("a child outlives its parent");
	else
		waitpid(pid, &status, 0);
	same("the signal that ended it", SIGUSR1, WTERMSIG(status));
	start_family();
}

/* --- where a process is --------------------------------------------------- */

static void be_chrooted(void)
{
	TRY(mkdir("root", 0755));
	TRY(chdir("root"));
	TRY(chroot("."));
	TRY(mkdir("inner", 0755));
	TRY(chdir("inner"));
	run_on();
}

static void set_chroot(void)
{
	pid = start_child(be_chrooted);
	await_call(pid, SYS_pause);
}

static void verify_chroot(void)
{
	char path[64], to[4096] = "", wanted[4096 + 16];
	char cwd[4096];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (readlink(path, to, sizeof(to) - 1) < 0 || !getcwd(cwd, sizeof(cwd)))
		complain("no root: %s", strerror(errno));
	snprintf(wanted, sizeof(wanted), "%s/root", cwd);
	same_text("its root", wanted, to);
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	memset(to, 0, sizeof(to));
	if (readlink(path, to, sizeof(to) - 1) < 0)
		complain("no working directory: %s", strerror(errno));
	strcat(wanted, "/inner");
	same_text("its working directory", wanted, to);
}

static void copy_self(const char *name)
{
	static char block[65536];
	int in = TRY(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	int out = TRY(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	long n;

	while ((n = read(in, block, sizeof(block))) > 0)
		TRY(write(out, block, (size_t)n));
	close(in);
	close(out);
}

static void run_copy(void)
{
	char *argv[] = {"an argument 0", "--hold", "two words", NULL};
	char *envp[] = {"NAME=a value", "EMPTY=", NULL};

	execve("copy", argv, envp);
	cannot("execve");
}

static bool has_started(void)
{
	return strcmp(status_of(pid, "Name"), "copy") == 0 && *status_of(pid, "State") == 'S';
}

static void start_copy(void)
{
	copy_self("copy");
	pid = start_child(run_copy);
	if (!comes(has_started))
		cannot("start a copy");
	await_call(pid, SYS_pause);
}

static void verify_copy(void)
{
	static const char args[] = "an argument 0\0--hold\0two words",
			  environment[] = "NAME=a value\0EMPTY=";
	char path[64], to[4096] = "";

	same_bytes("its arguments", args, text_of("/proc/%d/cmdline", pid), sizeof(args));
	same_bytes("its environment", environment, text_of("/proc/%d/environ", pid),
		   sizeof(environment));
	same_text("its name", "copy", status_of(pid, "Name"));
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (readlink(path, to, sizeof(to) - 1) < 0 || !strstr(to, "/copy"))
		complain("its program is \"%s\"", to);
}

static void set_exe_deleted(void)
{
	start_copy();
	TRY(unlink("copy"));
}

static void verify_exe_deleted(void)
{
	verify_copy();
	same("the access to its name", -1, access("copy", F_OK));
}

const struct kind process_kinds[] = {
	{"groups-and-sessions", set_groups, verify_groups, NULL},
	{"group-without-leader", set_leaderless_group, verify_leaderless_group, NULL},
	{"orphan", set_orphan, verify_orphan, NULL},
	{"subreaper", set_subreaper, verify_subreaper, NULL},
	{"subreaper-session", set_subreaper, verify_subreaper, NULL},
	{"zombies", set_zombies, verify_zombies, NULL},
	{"first-thread-ended", set_dead_leader, verify_dead_leader, NULL},
	{"parent-death-signal", set_family, verify_family, NULL},
	{"chroot", set_chroot, verify_chroot, NULL},
	{"arguments-and-environment", start_copy, verify_copy, NULL},
	{"program-deleted", set_exe_deleted, verify_exe_deleted, NULL},
	{0},
};
