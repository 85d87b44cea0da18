/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Pressure stall triggers. The kernel does not tell what was written to a
 * pressure file, but programs that wait on one follow systemd: the services that
 * systemd starts have their trigger in $MEMORY_PRESSURE_WRITE, and systemd itself, and
 * everything that is made with its event loop, uses its usual one.
 *
 * The monitor runs this as the host's root while CRIU holds all of the container still. The
 * names of files and what the environment says are the container's: a descriptor is written
 * to only if the kernel says that it is a pressure file, and nothing but a trigger is written.
 * No call here may wait for a filesystem that the container serves.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "carry/pressure.h"
#include "criu/image_kinds.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#define ENVIRON_MAX   (4 * 1024 * 1024)
#define FDINFO_MAX    (4 * 1024 * 1024)
#define MOUNTINFO_MAX (64 * 1024 * 1024)

/* For the whole container, which stands still meanwhile. */
#define PATIENCE_MS 5000

#define HOST_PRESSURE "/proc/pressure/"

struct target {
	pid_t pid;
	int pidfd;
	int dir;      /* its /proc directory */
	int *numbers; /* of its descriptors that may be pressure files, ascending */
	size_t n;
	int64_t end;   /* of the time that there is */
	char *mounts;  /* its mountinfo, once that is needed */
	char *environ; /* ... and its environment */
	size_t environ_len;
};

/* ---- which descriptors ---- */

/* A hint only: a mount can have any name. */
static bool is_named_so(const char *path)
{
	static const char end[] = ".pressure", control[] = "/cgroup.pressure";
	size_t len = strlen(path);

	if (strncmp(path, HOST_PRESSURE, strlen(HOST_PRESSURE)) == 0)
		return true;
	return len >= sizeof(end) && strcmp(path + len + 1 - sizeof(end), end) == 0 &&
	       !(len >= sizeof(control) && strcmp(path + len + 1 - sizeof(control), control) == 0);
}

static bool read_link(int dir, int fd, char *path, size_t size)
{
	char name[32];
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", fd);
	n = readlinkat(dir, name, path, size - 1);
	if (n < 0 || (size_t)n >= size - 1)
		return false;
	path[n] = '\0';
	return true;
}

/* A trigger belongs to a file that can be written to. */
static bool may_be_trigger(int dir, int fd)
{
	char path[4096], name[32];
	struct stat st;

	snprintf(name, sizeof(name), "fd/%d", fd);
	return read_link(dir, fd, path, sizeof(path)) && is_named_so(path) &&
	       /* the link's own mode says how it is open */
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 0200);
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void list_numbers(struct target *t)
{
	_cleanup_closedir_ DIR *fds = directory_at(t->dir, "fd");
	struct dirent *e;

	while (fds && (e = readdir(fds)) && monotonic_ms() < t->end) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (e->d_name[0] != '.' && may_be_trigger(t->dir, fd))
			*ARRAY_ADD(t->numbers, t->n) = fd;
	}
	if (t->n)
		qsort(t->numbers, t->n, sizeof(*t->numbers), compare_numbers);
}

/* ---- in a process of its own, where every number is free ---- */

/* Returns a descriptor number of the process that none of its pressure files has, or -1. */
static int copy_fd(const struct target *t, int fd)
{
	_cleanup_close_ int copy = (int)syscall(SYS_pidfd_getfd, t->pidfd, fd, 0);

	return copy < 0 ? -1 : fcntl(copy, F_DUPFD_CLOEXEC, t->numbers[t->n - 1] + 1);
}

/* The kernel says what it knows already. A FUSE server, which might not answer, is not asked. */
static bool look(int dir, const char *path, struct statx *ret)
{
	int flags = AT_STATX_DONT_SYNC | (*path ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH);

	return statx(dir, path, flags, STATX_BASIC_STATS, ret) == 0;
}

static dev_t device_of(const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor);
}

/* All mounts of cgroup2 are of one superblock. */
static bool is_on_cgroup2(const struct target *t, const struct statx *st)
{
	return mountinfo_has(t->mounts, "cgroup2", device_of(st));
}

/*
 * Each PID namespace has a procfs of its own, but what does not belong to a process is the same
 * in all. A file of a process can only have the number of one of these by chance.
 */
static bool is_hosts_own(const struct target *t, const struct statx *st)
{
	static const char *const files[] = {"cpu", "io", "memory", "irq"};

	if (!mountinfo_has(t->mounts, "proc", device_of(st)))
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		_cleanup_free_ char *path = xasprintf(HOST_PRESSURE "%s", files[i]);
		struct statx own;

		if (look(AT_FDCWD, path, &own) && own.stx_ino == st->stx_ino &&
		    own.stx_mode == st->stx_mode && own.stx_uid == st->stx_uid &&
		    own.stx_gid == st->stx_gid)
			return true;
	}
	return false;
}

/* The device tells first what it is: to ask a filesystem may mean to wait for its server. */
static bool is_pressure_file(struct target *t, int fd)
{
	struct statx st;
	struct statfs fs;
	long magic;

	if (!look(fd, "", &st) || !S_ISREG(st.stx_mode))
		return false;
	if (!t->mounts && read_file_at(t->dir, "mountinfo", MOUNTINFO_MAX, &t->mounts) < 0)
		return false;
	if (is_on_cgroup2(t, &st))
		magic = CGROUP2_SUPER_MAGIC;
	else if (is_hosts_own(t, &st))
		magic = PROC_SUPER_MAGIC;
	else
		return false;
	return fstatfs(fd, &fs) == 0 && fs.f_type == magic;
}

static void find_trigger(struct target *t, int fd, char ret[PRESSURE_TRIGGER_MAX])
{
	char path[4096];

	if (!t->environ) {
		ssize_t len = read_file_at(t->dir, "environ", ENVIRON_MAX, &t->environ);

		t->environ_len = len > 0 ? (size_t)len : 0;
	}
	if (!t->environ)
		t->environ = xstrdup("");
	if (!read_link(t->dir, fd, path, sizeof(path)))
		*path = '\0';
	pressure_trigger_of(t->environ, t->environ_len, path, ret);
}

/* The events for which an epoll watches a pressure file. */
struct watch {
	int number; /* the file's in the process */
	int epoll;  /* our copy of it; several watches share one */
	struct epoll_event event;
	bool off; /* taken out, to be put in again */
};

struct watches {
	struct watch *v;
	size_t n;
};

/* "tfd:   5 events:   19 data:   5": each is there on every line */
static unsigned long long number_behind(const char *line, const char *word, int base)
{
	const char *p = strstr(line, word);

	return p ? strtoull(p + strlen(word), NULL, base) : 0;
}

static bool is_listed(const struct target *t, int number)
{
	return bsearch(&number, t->numbers, t->n, sizeof(number), compare_numbers) != NULL;
}

static void add_watches(const struct target *t, int fd, struct watches *w)
{
	_cleanup_free_ char *text = NULL;
	char path[64], name[32];
	int epoll = -1;

	if (!read_link(t->dir, fd, path, sizeof(path)) ||
	    strcmp(path, "anon_inode:[eventpoll]") != 0)
		return;
	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (read_file_at(t->dir, name, FDINFO_MAX, &text) <= 0)
		return;
	for (const char *l = text; (l = strstr(l, "tfd:")); l++) {
		int number = (int)number_behind(l, "tfd:", 10);

		if (!is_listed(t, number))
			continue;
		if (epoll < 0)
			epoll = copy_fd(t, fd);
		if (epoll < 0)
			return;
		*ARRAY_ADD(w->v, w->n) = (struct watch){
			.number = number,
			.epoll = epoll,
			.event = {.events = (uint32_t)number_behind(l, "events:", 16),
				  .data.u64 = number_behind(l, "data:", 16)},
		};
	}
}

static int compare_watches(const void *a, const void *b)
{
	return ((const struct watch *)a)->number - ((const struct watch *)b)->number;
}

static void list_watches(const struct target *t, struct watches *w)
{
	_cleanup_closedir_ DIR *fds = directory_at(t->dir, "fd");
	struct dirent *e;

	while (fds && (e = readdir(fds)))
		if (e->d_name[0] != '.')
			add_watches(t, (int)strtol(e->d_name, NULL, 10), w);
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), compare_watches);
}

/*
 * An epoll knows what it watches by the file and its number in the process, so
 * the copy has to have that number here. And an epoll asks a file to wake it only
 * when the file is added: with the trigger set later it would never be woken.
 */
static bool set_again(struct target *t, int number, struct watch *w, size_t n)
{
	char trigger[PRESSURE_TRIGGER_MAX];
	int fd = copy_fd(t, number);
	bool done;

	if (fd < 0 || !is_pressure_file(t, fd)) {
		fd_close(&fd);
		return true; /* it is none */
	}
	find_trigger(t, number, trigger);
	done = dup2(fd, number) == number;
	close(fd);
	if (!done)
		return false;
	for (size_t i = 0; i < n; i++)
		w[i].off = epoll_ctl(w[i].epoll, EPOLL_CTL_DEL, number, NULL) == 0;
	/* with the byte at its end, as systemd does; EBUSY: there is one */
	done = write(number, trigger, strlen(trigger) + 1) >= 0 || errno == EBUSY;
	for (size_t i = 0; i < n; i++)
		if (w[i].off)
			epoll_ctl(w[i].epoll, EPOLL_CTL_ADD, number, &w[i].event);
	close(number);
	return done;
}

static void raise_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* Moves the needed descriptors out of the way of the numbers; all others may be overwritten. */
static bool make_way(struct target *t)
{
	int above = t->numbers[t->n - 1] + 1;

	raise_file_limit();
	t->pidfd = fcntl(t->pidfd, F_DUPFD_CLOEXEC, above);
	t->dir = fcntl(t->dir, F_DUPFD_CLOEXEC, above);
	return t->pidfd >= 0 && t->dir >= 0;
}

_Noreturn static void set_all_again(struct target *t)
{
	struct watches w = {0};
	bool done = make_way(t);
	size_t first = 0, next;

	if (done)
		list_watches(t, &w);
	for (size_t i = 0; i < t->n && t->pidfd >= 0; i++, first = next) {
		while (first < w.n && w.v[first].number < t->numbers[i])
			first++;
		for (next = first; next < w.n && w.v[next].number == t->numbers[i];)
			next++;
		done = set_again(t, t->numbers[i], w.v ? w.v + first : NULL, next - first) && done;
	}
	_exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- the container ---- */

/* 0, or what its end says; killed when the time is up, which hurts nobody. */
static int wait_for_child(pid_t child, int64_t end)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(child);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t left = end - monotonic_ms();

	if (pidfd >= 0 && poll(&p, 1, left > 0 ? (int)left : 0) == 0)
		kill(child, SIGKILL);
	return wait_status(child);
}

static int rearm_process(pid_t pid, void *userdata)
{
	const int64_t *end = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)pid);
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	struct target t = {.pid = pid, .pidfd = pidfd, .dir = dir, .end = *end};
	pid_t child;

	if (monotonic_ms() >= *end)
		return -ETIMEDOUT;
	if (dir >= 0 && pidfd >= 0)
		list_numbers(&t);
	if (t.n == 0)
		return 0;
	child = fork_quietly();
	if (child == 0)
		set_all_again(&t);
	free(t.numbers);
	if (child < 0 || wait_for_child(child, *end) != 0)
		log_at(LOG_LEVEL_WARN, "Pressure triggers of process %d cannot all be set again",
		       (int)pid);
	return 0;
}

int pressure_apply(struct restore *r, pid_t init, struct error **reterr)
{
	int64_t end = monotonic_ms() + PATIENCE_MS;

	(void)reterr;
	if (criu_image_kinds(r->image->dirfd).pressure &&
	    for_each_process(init, rearm_process, &end) < 0)
		log_at(LOG_LEVEL_WARN,
		       "Setting the pressure triggers again took longer than %d s: processes that "
		       "wait for pressure may have lost theirs",
		       PATIENCE_MS / 1000);
	return 0;
}
