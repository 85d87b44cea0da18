/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Processes: starts and awaits ours, looks at any, and walks over a container's. Runs in the
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
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define OUTPUT_MAX (1024 * 1024)
#define STATUS_MAX 65536
#define TRIES	   100
#define PAUSE_MS   10
#define LOOKS_MAX  3 /* how often to look for processes that were reparented upwards */

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

/* The processes of a walk, each once, in the order of discovery. */
struct tree {
	ino_t pid_namespace;
	struct found {
		pid_t pid;
		bool had_children;
	} *v;
	size_t n;
	struct map known;
};

static void add_process(struct tree *t, pid_t pid)
{
	struct found *found;

	if (map_add(&t->known, (uint64_t)pid, 0)) {
		found = ARRAY_ADD(t->v, t->n);
		found->pid = pid;
	}
}

/* Parses "4711 4712 471"; returns how many digits at the end may belong to a longer number. */
static size_t add_numbers(struct tree *t, size_t i, const char *text, size_t len)
{
	pid_t pid = 0;
	size_t digits = 0;

	for (size_t k = 0; k < len; k++) {
		if (text[k] >= '0' && text[k] <= '9') {
			pid = pid * 10 + (text[k] - '0');
			digits++;
			continue;
		}
		if (digits)
			add_process(t, pid);
		t->v[i].had_children |= digits > 0;
		pid = 0;
		digits = 0;
	}
	return digits;
}

/*
 * Reads a page at a time, as much as the kernel returns: one thread may have millions of children.
 */
static void add_children_of(struct tree *t, size_t i, const char *tid)
{
	_cleanup_close_ int fd = -1;
	char path[64], page[4096];
	size_t kept = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)t->v[i].pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, page + kept, sizeof(page) - kept)) > 0) {
		const size_t len = kept + (size_t)n;

		kept = add_numbers(t, i, page, len);
		memmove(page, page + len - kept, kept);
	}
}

/* Most processes have one thread, whose ID is that of the process. */
static bool has_threads(pid_t pid)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	return stat(path, &st) == 0 && st.st_nlink != 3; /* ".", ".." and a directory a thread */
}

static void add_children(struct tree *t, size_t i)
{
	_cleanup_closedir_ DIR *task = NULL;
	char name[32];
	struct dirent *e;

	if (!has_threads(t->v[i].pid)) {
		snprintf(name, sizeof(name), "%d", (int)t->v[i].pid);
		add_children_of(t, i, name);
		return;
	}
	snprintf(name, sizeof(name), "/proc/%d/task", (int)t->v[i].pid);
	task = directory_at(AT_FDCWD, name);
	while (task && (e = readdir(task)))
		if (e->d_name[0] != '.')
			add_children_of(t, i, e->d_name);
}

/* Ignores processes in a PID namespace below, and their children, which are there too. */
static int visit_from(struct tree *t, size_t first, int (*fn)(pid_t pid, void *userdata),
		      void *userdata)
{
	int r = 0;

	for (size_t i = first; r == 0 && i < t->n; i++)
		if (process_is_in(t->v[i].pid, t->pid_namespace)) {
			r = fn(t->v[i].pid, userdata);
			add_children(t, i);
		}
	return r;
}

/*
 * The children of a parent that exits become children of a process above it, which the walk may
 * have visited already. A process without children gets none this way.
 */
static bool look_again(struct tree *t)
{
	const size_t before = t->n;

	for (size_t i = 0; i < before; i++)
		if (t->v[i].had_children)
			add_children(t, i);
	return t->n > before;
}

int for_each_process(pid_t init, int (*fn)(pid_t pid, void *userdata), void *userdata)
{
	struct tree t = {.pid_namespace = process_pid_namespace(init)};
	size_t first = 0;
	int r = 0;

	add_process(&t, init);
	for (int looks = 0; r == 0 && looks < LOOKS_MAX; looks++) {
		r = visit_from(&t, first, fn, userdata);
		first = t.n;
		if (r == 0 && !look_again(&t))
			break;
	}
	map_clear(&t.known);
	free(t.v);
	return r;
}

struct thread_walk {
	int (*fn)(pid_t pid, pid_t tid, void *userdata);
	void *userdata;
};

static int walk_threads(pid_t pid, void *userdata)
{
	const struct thread_walk *w = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", (int)pid);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int r = 0;

	if (!has_threads(pid))
		return w->fn(pid, pid, w->userdata);
	dir = directory_at(AT_FDCWD, path);
	while (r == 0 && dir && (e = readdir(dir))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0)
			r = w->fn(pid, tid, w->userdata);
	}
	return r;
}

int for_each_thread_of(pid_t pid, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata)
{
	struct thread_walk w = {fn, userdata};

	return walk_threads(pid, &w);
}

int for_each_thread(pid_t init, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata)
{
	struct thread_walk w = {fn, userdata};

	return for_each_process(init, walk_threads, &w);
}

pid_t process_inner_id(pid_t tid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)tid);
	_cleanup_free_ char *text = NULL;
	char *ids, *last;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text) <= 0)
		return 0;
	ids = strstr(text, "\nNSpid:");
	if (!ids)
		return 0;
	ids++;
	ids[strcspn(ids, "\n")] = '\0';
	last = strrchr(ids, '\t');
	return last ? (pid_t)strtol(last, NULL, 10) : 0;
}

long process_status_number(pid_t pid, const char *field)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *p;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text) <= 0)
		return -1;
	p = strstr(text, field);
	return p ? strtol(p + strlen(field), NULL, 10) : -1;
}

char process_state(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *end;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text) <= 0)
		return 0;
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : '?';
}

unsigned long long process_start_time(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	_cleanup_free_ char *text = NULL;
	unsigned long long start = 0;
	const char *end;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text) <= 0)
		return 0;
	/* the name may contain anything; the start time is the 20th word after it */
	end = strrchr(text, ')');
	for (int i = 0; end && i < 20; i++)
		end = strchr(end + 1, ' ');
	if (end)
		start = strtoull(end, NULL, 10);
	return start;
}

bool process_is_gone(pid_t pid)
{
	const char state = process_state(pid);

	return state == 0 || state == 'Z' || state == 'X';
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
