/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a process as a whole is. Modes of blocker.c, which runs as a process of the container. */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "blocker.h"

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	char buf[65536];
	ssize_t n;

	CHECK(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		CHECK(write(out, buf, (size_t)n) == n);
	CHECK(n == 0 && close(in) == 0 && close(out) == 0);
}

/* As programs for finding errors in memory reserve it. */
static void reserve(size_t tib)
{
	CHECK(mmap(NULL, tib << 40, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED);
}

static void address_space(void)
{
	reserve(100);
}

static void address_space_below(void)
{
	reserve(60);
}

/* Up to the limit: each page has another protection than its neighbour. */
static void mappings(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	long n = 0, page = sysconf(_SC_PAGESIZE);
	char *p;

	CHECK(f && fscanf(f, "%ld", &n) == 1 && fclose(f) == 0);
	p = mmap(NULL, (size_t)(n * page), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	for (long i = 0; i < n && mprotect(p + i * page, (size_t)page, PROT_NONE) == 0; i += 2)
		;
	/* for what the payload does next */
	CHECK(munmap(p, (size_t)(20 * page)) == 0);
}

/* A child whose program may not be executed any more */
static void program_mode(void)
{
	int ready[2];
	char c;
	pid_t pid;

	copy_file("/bin/busybox", "/program");
	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/program", "sleep", "100000", NULL);
		_exit(1);
	}
	close(ready[1]);
	CHECK(pid > 0 && read(ready[0], &c, 1) == 0 && kill(pid, 0) == 0);
	CHECK(chmod("/program", 0644) == 0);
}

static void close_vdso(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
			syscall(SYS_munmap, from, to - from);
	fclose(f);
}

static void fill_descriptors(void)
{
	struct rlimit limit;
	int fd = dup(0);

	close(fd);
	limit.rlim_cur = limit.rlim_max = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A child does what the payload itself could not go on with. */
static void child_that(void (*set)(void))
{
	int ready[2];
	char c;
	pid_t pid;

	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		dup2(ready[1], 3);
		syscall(SYS_close_range, 4, ~0U, 0);
		set();
		if (write(3, "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	CHECK(pid > 0 && read(ready[0], &c, 1) == 1);
	close(ready[0]);
	close(ready[1]);
}

static void no_vdso(void)
{
	child_that(close_vdso);
}

static void no_descriptor(void)
{
	child_that(fill_descriptors);
}

static void no_new_privileges(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void other_user(void)
{
	CHECK(setresgid(33, 33, 33) == 0 && setresuid(33, 33, 33) == 0);
}

static void traced(void)
{
	pid_t pid = sleeping_child();

	CHECK(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
}

/* main() ends its thread when it has told that all is set */
static void dead_leader(void)
{
}

/* The same with vfork(): it stands still until its child has gone on. */
static void waiting_for_vfork(void)
{
}

static void pending_trap(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGTRAP) == 0);
}

static void on_sigsys(int signal)
{
	(void)signal;
}

static void stopped_child(void)
{
	pid_t pid = sleeping_child();

	CHECK(kill(pid, SIGSTOP) == 0 && waitpid(pid, NULL, WUNTRACED) == pid);
}

/* A stopped child for which a signal waits. It must have come out of fork(), which blocks all. */
static void stopped_with(int signal_number, int how)
{
	int done[2];
	sigset_t set;
	pid_t pid;
	char c;

	sigemptyset(&set);
	sigaddset(&set, signal_number);
	CHECK(sigprocmask(how, &set, NULL) == 0);
	CHECK(pipe(done) == 0);
	pid = child();
	if (pid == 0) {
		CHECK(write(done[1], "x", 1) == 1);
		sleeper(NULL);
	}
	CHECK(read(done[0], &c, 1) == 1);
	CHECK(kill(pid, SIGSTOP) == 0 && waitpid(pid, NULL, WUNTRACED) == pid);
	CHECK(kill(pid, signal_number) == 0);
}

static void stopped_killed(void)
{
	stopped_with(SIGTERM, SIG_UNBLOCK);
}

static void stopped_dumping(void)
{
	stopped_with(SIGSEGV, SIG_UNBLOCK);
}

static void stopped_handled(void)
{
	signal(SIGTERM, on_sigsys);
	stopped_with(SIGTERM, SIG_UNBLOCK);
}

static void stopped_harmless(void)
{
	signal(SIGHUP, SIG_IGN);
	stopped_with(SIGTERM, SIG_BLOCK);
	stopped_with(SIGHUP, SIG_UNBLOCK);
	stopped_with(SIGWINCH, SIG_UNBLOCK);
}

static void zombie_child(void)
{
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	CHECK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0);
}

static void many_processes(void)
{
	for (int i = 0; i < 200; i++)
		sleeping_child();
}

static volatile char selector;

static void dispatch(void)
{
	signal(SIGSYS, on_sigsys);
	CHECK(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) == 0);
}

static void *dispatching_thread(void *fd)
{
	dispatch();
	CHECK(write((int)(intptr_t)fd, "x", 1) == 1);
	return sleeper(NULL);
}

static void class_reset_on_fork(void)
{
	struct sched_param param = {.sched_priority = 5};

	CHECK(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0);
}

static int sleeping(void *unused)
{
	sleeper(unused);
	return 0;
}

static char shared_stack[65536] __attribute__((aligned(16)));

static void sharing_child(int flags)
{
	CHECK(clone(sleeping, shared_stack + sizeof(shared_stack), flags | SIGCHLD, NULL) > 0);
}

static void shares_memory(void)
{
	sharing_child(CLONE_VM);
}

static void shares_folder(void)
{
	sharing_child(CLONE_FS);
}

static void shares_files(void)
{
	sharing_child(CLONE_FILES);
}

static void frozen_child(void)
{
	pid_t pid = fork();
	char text[32];
	int fd;

	CHECK(pid >= 0);
	if (pid == 0)
		sleeper(NULL);
	CHECK(mkdir("/sys/fs/cgroup/still", 0755) == 0);
	fd = open("/sys/fs/cgroup/still/cgroup.procs", O_WRONLY);
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) > 0);
	fd = open("/sys/fs/cgroup/still/cgroup.freeze", O_WRONLY);
	CHECK(fd >= 0 && write(fd, "1", 1) == 1);
}

static void dispatch_in_thread(void)
{
	int done[2];
	pthread_t t;
	char c;

	CHECK(pipe(done) == 0);
	CHECK(pthread_create(&t, NULL, dispatching_thread, (void *)(intptr_t)done[1]) == 0);
	CHECK(read(done[0], &c, 1) == 1);
}

/* The handler alone means nothing: seccomp's users have it too. */
static void sigsys_handler(void)
{
	signal(SIGSYS, on_sigsys);
}

static void nothing(void)
{
}

const struct mode processes_modes[] = {
	{"address-space", address_space},
	{"address-space-below", address_space_below},
	{"class-reset-on-fork", class_reset_on_fork},
	{"dead-leader", dead_leader},
	{"dispatch", dispatch},
	{"dispatch-in-thread", dispatch_in_thread},
	{"frozen-child", frozen_child},
	{"many-processes", many_processes},
	{"mappings", mappings},
	{"no-descriptor", no_descriptor},
	{"no-new-privileges", no_new_privileges},
	{"no-vdso", no_vdso},
	{"nothing", nothing},
	{"other-user", other_user},
	{"pending-trap", pending_trap},
	{"program-mode", program_mode},
	{"shares-files", shares_files},
	{"shares-folder", shares_folder},
	{"shares-memory", shares_memory},
	{"sigsys-handler", sigsys_handler},
	{"stopped-child", stopped_child},
	{"stopped-dumping", stopped_dumping},
	{"stopped-handled", stopped_handled},
	{"stopped-harmless", stopped_harmless},
	{"stopped-killed", stopped_killed},
	{"traced", traced},
	{"waiting-for-vfork", waiting_for_vfork},
	{"zombie-child", zombie_child},
	{0},
};
