/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Processes: starts and awaits ours, and looks at any. Runs in the
 * command, in the monitor and in their children, as root on the host, and changes nothing of a
 * process that is not its own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/inherited.h"
#include "sys/process.h"
#include "sys/process_fields.h"
#include "util/fd.h"
#include "util/mem.h"

#define OUTPUT_MAX (1024 * 1024)
#define TEXT_MAX   65536
#define TRIES	   100
#define PAUSE_MS   10

int pidfd_open_pid(pid_t pid)
{
	/* glibc has a wrapper only since 2.36 */
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int wait_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static pid_t fork_once(void)
{
	sigset_t all, old;
	pid_t pid;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	e = errno;
	if (pid != 0)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = e;
	return pid;
}

pid_t fork_quietly(void)
{
	pid_t pid = fork_once();

	for (int i = 0; i < TRIES && pid < 0 && errno == EAGAIN; i++) {
		poll(NULL, 0, PAUSE_MS);
		pid = fork_once();
	}
	return pid;
}

void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void exec_captured(const char *const argv[], int output, bool users)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	reset_signals();
	if (users)
		limits_put_back();
	if (null < 0 || fd_place(null, STDIN_FILENO) < 0 || fd_place(output, STDOUT_FILENO) < 0 ||
	    fd_place(output, STDERR_FILENO) < 0)
		_exit(127);
	/* nothing of the host program either */
	syscall(SYS_close_range, (unsigned int)STDERR_FILENO + 1, ~0U, 0);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* users: a program of the user's, not a tool of ours */
static int run(const char *const argv[], bool users, char **ret_output,
	       void (*wait)(int fd, void *userdata), void *userdata)
{
	/*
	 * A file, not a pipe: it cannot fill up, and a grandchild that keeps it open blocks nobody.
	 */
	_cleanup_close_ int output = memfd_create("output", MFD_CLOEXEC);
	_cleanup_close_ int pidfd = -1;
	int status;
	pid_t pid;

	if (output < 0 || fd_above_standard(&output) < 0)
		return -errno;
	pid = fork_quietly();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		exec_captured(argv, output, users);
	pidfd = wait ? pidfd_open_pid(pid) : -1;
	if (pidfd >= 0)
		wait(pidfd, userdata);
	status = wait_status(pid);
	if (status >= 0 && ret_output) {
		ssize_t n = lseek(output, 0, SEEK_SET) < 0
				    ? -errno
				    : read_all(output, OUTPUT_MAX, ret_output);

		if (n < 0)
			*ret_output = xstrdup("");
	}
	return status;
}

int run_capture(const char *const argv[], char **ret_output)
{
	return run(argv, false, ret_output, NULL, NULL);
}

int run_users(const char *const argv[], char **ret_output, void (*wait)(int fd, void *userdata),
	      void *userdata)
{
	return run(argv, true, ret_output, wait, userdata);
}

ino_t process_pid_namespace(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/pid", (int)pid);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

bool process_is_in(pid_t pid, ino_t pid_namespace)
{
	return pid_namespace && process_pid_namespace(pid) == pid_namespace;
}

char *process_text(pid_t pid, const char *file)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	char *text = NULL;

	return read_file_at(AT_FDCWD, path, TEXT_MAX, &text) > 0 ? text : xstrdup("");
}

pid_t process_inner_id(pid_t tid)
{
	_cleanup_free_ char *status = process_text(tid, "status");

	return process_status_inner_id(status);
}

long process_status_number(pid_t pid, const char *field)
{
	_cleanup_free_ char *text = process_text(pid, "status");

	return field_value(text, field) ? (long)field_number(text, field, 10) : -1;
}

char process_state(pid_t pid)
{
	_cleanup_free_ char *text = process_text(pid, "stat");

	return *text ? process_stat_state(text) : 0;
}

unsigned long long process_start_time(pid_t pid)
{
	_cleanup_free_ char *text = process_text(pid, "stat");

	return (unsigned long long)process_stat_number(text, PROCESS_STAT_START);
}

bool process_is_gone(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, TEXT_MAX, &text);
	char state;

	/* that there is no descriptor left to look with says nothing of the process */
	if (n <= 0)
		return n == -ENOENT || n == -ESRCH;
	state = process_stat_state(text);
	return state == 'Z' || state == 'X';
}

char *system_program(const char *name)
{
	static const char *const places[] = {"/usr/sbin", "/sbin", "/usr/bin", "/bin"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *path = xasprintf("%s/%s", places[i], name);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *status_text(int status)
{
	if (WIFEXITED(status))
		return xasprintf("exited with %d", WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		return xasprintf("was killed by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	return xasprintf("ended with status 0x%x", (unsigned int)status);
}

pid_t only_child(void)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, "/proc/thread-self/children", OUTPUT_MAX, &text);
	char *end;
	long pid;

	if (n < 0)
		return (pid_t)n;
	if (n == 0)
		return 0;
	pid = strtol(text, &end, 10);
	while (*end == ' ')
		end++;
	return *end ? -EEXIST : (pid_t)pid;
}

static bool is_among(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

pid_t child_besides(const pid_t *known, size_t n)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (read_file_at(AT_FDCWD, "/proc/thread-self/children", OUTPUT_MAX, &text) <= 0)
		return 0;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		pid_t pid = (pid_t)strtol(w, NULL, 10);

		if (pid > 0 && !is_among(pid, known, n))
			return pid;
	}
	return 0;
}
