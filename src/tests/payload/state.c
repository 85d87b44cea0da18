/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs in a container, makes many kinds of state and says later whether each is
 * what it was.
 *
 *   state DIR
 *
 * A line into the FIFO DIR/question is answered in the FIFO DIR/answer, with a
 * line for each kind:
 *
 *   list           the names of all kinds
 *   set NAME...    makes it                    "NAME: ok" or "NAME: cannot ..."
 *   verify         all that were made          "NAME: ok" or "NAME: what is not as it was"
 *   end            all that were made, and their processes, are no more
 *
 * Each kind is in a process of its own, which hears what to do on its standard
 * input and answers on its standard output: pipes, whose survival is a kind, too.
 */
#include <poll.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "state/state.h"

#define KEEPERS_MAX 400
#define PATIENCE_MS (120 * 1000)

static const struct kind *const groups[] = {
	blocked_kinds,	file_kinds,    inet_kinds,    ipc_kinds,    lock_kinds,
	memory_kinds,	notify_kinds,  option_kinds,  pipe_kinds,   process_kinds,
	seccomp_kinds,	session_kinds, setting_kinds, signal_kinds, task_kinds,
	terminal_kinds, thread_kinds,  timer_kinds,   unix_kinds,   user_kinds,
};

const struct kind *this_kind;
void (*at_end)(void);

static struct keeper {
	const struct kind *kind;
	pid_t pid;
	int ask, answer;
	bool is_lost; /* it has ended, or hangs */
} keepers[KEEPERS_MAX];

static size_t n_keepers;
static const char *top;
static char complaints[4096];

/* --- what kinds use ------------------------------------------------------- */

void complain(const char *format, ...)
{
	size_t len = strlen(complaints);
	va_list args;

	if (len)
		len += (size_t)snprintf(complaints + len, sizeof(complaints) - len, "; ");
	va_start(args, format);
	if (len < sizeof(complaints))
		vsnprintf(complaints + len, sizeof(complaints) - len, format, args);
	va_end(args);
}

void same(const char *what, long wanted, long found)
{
	if (wanted != found)
		complain("%s is %ld instead of %ld", what, found, wanted);
}

void same_text(const char *what, const char *wanted, const char *found)
{
	if (strcmp(wanted, found) != 0)
		complain("%s is \"%s\" instead of \"%s\"", what, found, wanted);
}

void same_bytes(const char *what, const void *wanted, const void *found, size_t len)
{
	const unsigned char *w = wanted, *f = found;

	for (size_t i = 0; i < len; i++)
		if (w[i] != f[i]) {
			complain("%s has %#x instead of %#x at %zu", what, f[i], w[i], i);
			return;
		}
}

void cannot(const char *what)
{
	dprintf(STDOUT_FILENO, "cannot %s: %s", what, strerror(errno));
	_exit(1);
}

const char *text_of(const char *format, ...)
{
	static char text[65536];
	char path[256];
	size_t len = 0;
	ssize_t n = 0;
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		while (len < sizeof(text) - 1 &&
		       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		close(fd);
	}
	text[len] = '\0';
	return text;
}

const char *field_of(const char *text, const char *name)
{
	static char value[4096];
	size_t len = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " \t");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\n"), line);
		return value;
	}
	return "";
}

pid_t start_child(void (*run)(void))
{
	pid_t pid = TRY(fork());

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run();
	_exit(0);
}

struct start {
	void *(*run)(void *);
	void *arg;
	int tid;
};

static void *begin_thread(void *arg)
{
	struct start *start = arg;
	struct start copy = *start;

	__atomic_store_n(&start->tid, gettid(), __ATOMIC_RELEASE);
	return copy.run(copy.arg);
}

static void look_again(void)
{
	const struct timespec ms = {0, 1000000};

	nanosleep(&ms, NULL);
}

pid_t start_thread(void *(*run)(void *), void *arg)
{
	struct start start = {run, arg, 0};
	pthread_t thread;

	errno = pthread_create(&thread, NULL, begin_thread, &start);
	if (errno)
		cannot("start a thread");
	while (__atomic_load_n(&start.tid, __ATOMIC_ACQUIRE) == 0)
		look_again();
	return start.tid;
}

bool is_in_call(pid_t tid, long number)
{
	char call[32];

	snprintf(call, sizeof(call), "%ld ", number);
	return strncmp(text_of("/proc/%d/syscall", (int)tid), call, strlen(call)) == 0;
}

void await_call(pid_t tid, long number)
{
	for (int i = 0; i < 60000 && !is_in_call(tid, number); i++)
		look_again();
}

bool comes(bool (*condition)(void))
{
	for (int i = 0; i < 60000; i++) {
		if (condition())
			return true;
		look_again();
	}
	return false;
}

/* --- a kind's process ----------------------------------------------------- */

static void keep(const struct kind *kind, int ask, int answer)
{
	char word;

	dup2(ask, STDIN_FILENO);
	dup2(answer, STDOUT_FILENO);
	close_range(3, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	setsid();
	this_kind = kind;
	kind->setup();
	if (write(STDOUT_FILENO, "ok", 2) != 2)
		_exit(1);
	while (read(STDIN_FILENO, &word, 1) == 1 && word == 'v') {
		complaints[0] = '\0';
		kind->verify();
		if (!complaints[0])
			complain("ok");
		if (write(STDOUT_FILENO, complaints, strlen(complaints)) < 0)
			_exit(1);
	}
	if (at_end)
		at_end();
	_exit(0);
}

/* --- the process that has them all ---------------------------------------- */

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (const struct kind *kind = groups[i]; kind->name; kind++)
			if (strcmp(kind->name, name) == 0)
				return kind;
	return NULL;
}

static void list(int out)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (const struct kind *kind = groups[i]; kind->name; kind++)
			dprintf(out, "%s\n", kind->name);
}

static void hear(struct keeper *keeper, int out)
{
	struct pollfd p = {.fd = keeper->answer, .events = POLLIN};
	char answer[sizeof(complaints)];
	ssize_t n = -1;
	int status = 0;

	if (poll(&p, 1, PATIENCE_MS) == 1)
		n = read(keeper->answer, answer, sizeof(answer));
	keeper->is_lost = n <= 0;
	if (n > 0)
		dprintf(out, "%s: %.*s\n", keeper->kind->name, (int)n, answer);
	else if (n < 0)
		dprintf(out, "%s: does not answer\n", keeper->kind->name);
	else if (waitpid(keeper->pid, &status, 0) == keeper->pid && WIFSIGNALED(status))
		dprintf(out, "%s: has died of signal %d\n", keeper->kind->name, WTERMSIG(status));
	else
		dprintf(out, "%s: has ended with %#x\n", keeper->kind->name, status);
}

static void set(const char *name, int out)
{
	static unsigned int number;
	struct keeper *keeper;
	const struct kind *kind = find_kind(name);
	int ask[2], answer[2];
	char dir[256];

	if (!kind || n_keepers >= KEEPERS_MAX) {
		dprintf(out, "%s: there is no such kind\n", name);
		return;
	}
	snprintf(dir, sizeof(dir), "%s/%s.%u", top, name, number++);
	if (pipe2(ask, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0 || mkdir(dir, 0755) < 0) {
		dprintf(out, "%s: %m\n", name);
		return;
	}
	keeper = &keepers[n_keepers];
	*keeper = (struct keeper){kind, fork(), ask[1], answer[0], false};
	if (keeper->pid == 0) {
		if (chdir(dir) < 0)
			_exit(1);
		keep(kind, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	n_keepers++;
	hear(keeper, out);
}

static void verify(int out)
{
	for (size_t i = 0; i < n_keepers; i++)
		if (write(keepers[i].ask, "v", 1) != 1)
			dprintf(out, "%s: cannot be asked: %m\n", keepers[i].kind->name);
	for (size_t i = 0; i < n_keepers; i++)
		hear(&keepers[i], out);
}

static void end(void)
{
	while (n_keepers > 0) {
		struct keeper *keeper = &keepers[--n_keepers];

		if (keeper->is_lost || write(keeper->ask, "e", 1) != 1)
			kill(keeper->pid, SIGKILL);
		waitpid(keeper->pid, NULL, 0);
		close(keeper->ask);
		close(keeper->answer);
	}
}

static void do_line(char *line, int out)
{
	char *word = strtok(line, " \n");

	if (!word)
		return;
	if (strcmp(word, "list") == 0)
		list(out);
	else if (strcmp(word, "verify") == 0)
		verify(out);
	else if (strcmp(word, "end") == 0)
		end();
	else if (strcmp(word, "set") == 0)
		while ((word = strtok(NULL, " \n")))
			set(word, out);
	else
		dprintf(out, "what?\n");
}

int main(int argc, char *argv[])
{
	static char line[16384];
	char path[256];
	FILE *questions;
	int fd;

	/* for a kind that wants a program to be run: it waits for its end */
	while (argc == 3 && strcmp(argv[1], "--hold") == 0)
		pause();
	if (argc != 2) {
		fprintf(stderr, "Usage: state DIR\n");
		return 2;
	}
	top = argv[1];
	umask(022);
	/* A pipe that a dead kind has left must not end this. */
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "%s/question", top);
	/* Held for writing as well: it never ends. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	questions = fd < 0 ? NULL : fdopen(fd, "r");
	if (!questions) {
		perror(path);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/answer", top);
	while (fgets(line, sizeof(line), questions)) {
		int out = open(path, O_WRONLY | O_CLOEXEC);

		if (out < 0) {
			perror(path);
			break;
		}
		do_line(line, out);
		close(out);
	}
	fclose(questions);
	return 1;
}
