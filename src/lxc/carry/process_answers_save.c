/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asks processes for settings that only the process itself can see. Runs in the command before CRIU
 * is started, as root on the host, while the processes run; a child of the command has them make
 * the system calls. The processes are the container's and untrusted: the worst they can do is give
 * wrong answers, or none in time.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "carry/process_answers_save.h"
#include "sys/inject.h"
#include "sys/process.h"
#include "sys/process_fields.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE		 66
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#endif
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT (1UL << 1)
#endif

#define UNLOCKED_MAX_KB 128
#define PAGE_PRESENT	(UINT64_C(1) << 63)
#define PATIENCE_MS	1000 /* for all of them together */
#define SAMPLE		16   /* of processes that are alike */

/* --- whom to ask --- */

struct choosing {
	struct process_answer *v;
	size_t n;
	struct process_answer init;
	bool mdwe; /* this kernel has it */
};

static long number(const char *status, const char *field)
{
	return (long)field_number(status, field, 10);
}

/* What /proc/PID/status says of its kind. */
static void describe(struct process_answer *a, const char *status)
{
	a->parent = (pid_t)number(status, "PPid");
	a->filters = number(status, "Seccomp_filters");
	a->no_new_privs = number(status, "NoNewPrivs");
	(void)sscanf(status, "Name: %15s", a->name);
}

/* What cannot be locked is the kernel's own, some pages. */
static bool locks_all(const char *status)
{
	long locked = number(status, "VmLck");

	return locked > 0 && number(status, "VmSize") - locked <= UNLOCKED_MAX_KB;
}

static int choose(pid_t pid, void *userdata)
{
	struct choosing *c = userdata;
	_cleanup_free_ char *status = process_text(pid, "status");
	/* has[] is what ask() asks for */
	struct process_answer a = {
		.pid = pid,
		.has = {[PROCESS_LOCK_CURRENT] = locks_all(status),
			[PROCESS_LOCK_FUTURE] = number(status, "VmLck") > 0},
	};

	describe(&a, status);
	a.has[PROCESS_MDWE] =
		c->mdwe && (a.filters != c->init.filters || a.no_new_privs != c->init.no_new_privs);
	if (a.has[PROCESS_MDWE] || a.has[PROCESS_LOCK_FUTURE])
		*ARRAY_ADD(c->v, c->n) = a;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct process_answer *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* By what makes them alike. */
static int compare_kinds(const void *a, const void *b)
{
	const struct process_answer *x = a, *y = b;
	int r = (x->parent > y->parent) - (x->parent < y->parent);

	if (r == 0)
		r = (x->filters > y->filters) - (x->filters < y->filters);
	if (r == 0)
		r = (x->no_new_privs > y->no_new_privs) - (x->no_new_privs < y->no_new_privs);
	return r == 0 ? strncmp(x->name, y->name, sizeof(x->name)) : r;
}

/* --- in a child of the command --- */

struct target {
	pid_t pid;
	int pidfd;
};

/* The call's result, or -errno. */
static long call(const struct target *t, long nr, const unsigned long args[INJECT_ARGS])
{
	long result = -1;
	int r = inject_call(t->pid, t->pidfd, nr, args, &result);

	return r < 0 ? r : result;
}

static void ask_mdwe(const struct target *t, struct process_answer *a)
{
	static const unsigned long args[INJECT_ARGS] = {PR_GET_MDWE};
	long bits = call(t, SYS_prctl, args);
	bool inherited = bits > 0 && !(bits & (long)PR_MDWE_NO_INHERIT);

	a->has[PROCESS_MDWE] = inherited;
	a->has[PROCESS_MDWE_NOT_INHERITED] = bits > 0 && !inherited;
}

static bool is_present(pid_t pid, unsigned long at, unsigned long page)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/pagemap", (int)pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	return pread(fd, &entry, sizeof(entry), (off_t)(at / page * sizeof(entry))) ==
		       sizeof(entry) &&
	       (entry & PAGE_PRESENT);
}

/*
 * Maps a page and looks what became of it. The kernel's only answer to "is it locked" is that
 * msync() does not invalidate locked memory; if it may not lock more, it cannot map it.
 */
static void ask_lock(const struct target *t, struct process_answer *a)
{
	const unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
	const unsigned long map[INJECT_ARGS] = {0, page, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, (unsigned long)-1};
	long at = call(t, SYS_mmap, map);
	const unsigned long sync[INJECT_ARGS] = {(unsigned long)at, page, MS_INVALIDATE};
	const unsigned long unmap[INJECT_ARGS] = {(unsigned long)at, page};
	bool locked;

	a->has[PROCESS_LOCK_FUTURE] = at == -EAGAIN;
	if (at < 0)
		return;
	locked = call(t, SYS_msync, sync) == -EBUSY;
	a->has[PROCESS_LOCK_FUTURE] = locked;
	a->has[PROCESS_LOCK_ON_FAULT] = locked && !is_present(t->pid, (unsigned long)at, page);
	call(t, SYS_munmap, unmap);
}

/* like: one that is as this one in PR_SET_MDWE; NULL: not known. */
static void ask(struct process_answer *a, const struct process_answer *like)
{
	const bool mdwe = a->has[PROCESS_MDWE], lock = a->has[PROCESS_LOCK_FUTURE];
	_cleanup_close_ int pidfd = pidfd_open_pid(a->pid);
	const struct target t = {a->pid, pidfd};

	a->has[PROCESS_MDWE] = a->has[PROCESS_LOCK_FUTURE] = false;
	a->start = process_start_time(a->pid);
	if (mdwe && like) {
		a->has[PROCESS_MDWE] = like->has[PROCESS_MDWE];
		a->has[PROCESS_MDWE_NOT_INHERITED] = like->has[PROCESS_MDWE_NOT_INHERITED];
	} else if (mdwe && pidfd >= 0) {
		ask_mdwe(&t, a);
	}
	if (lock && pidfd >= 0)
		ask_lock(&t, a);
}

static bool agree(const struct process_answer *a, const struct process_answer *b)
{
	return a->has[PROCESS_MDWE] == b->has[PROCESS_MDWE] &&
	       a->has[PROCESS_MDWE_NOT_INHERITED] == b->has[PROCESS_MDWE_NOT_INHERITED];
}

/* In the order of compare_kinds(). Those that are not asked in time have no start time. */
_Noreturn static void ask_all(struct process_answer *v, size_t n)
{
	const int64_t end = monotonic_ms() + PATIENCE_MS;
	size_t same = 0; /* so many of the last ones are alike, and agree */

	for (size_t i = 0; i < n && monotonic_ms() <= end; i++) {
		const bool is_next = i > 0 && compare_kinds(&v[i], &v[i - 1]) == 0;

		ask(&v[i], is_next && same >= SAMPLE ? &v[i - 1] : NULL);
		same = is_next && agree(&v[i], &v[i - 1]) ? same + 1 : 1;
	}
	_exit(EXIT_SUCCESS);
}

/* --- in the command --- */

static unsigned long long ticks_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (unsigned long long)now.tv_sec * (unsigned long long)sysconf(_SC_CLK_TCK);
}

/* Has a child fill v[], in memory that it shares. */
static int answer(struct process_answer *v, size_t n)
{
	const size_t size = n * sizeof(*v);
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -ENOMEM;
	pid_t child;

	if (shared == MAP_FAILED)
		return status;
	memcpy(shared, v, size);
	child = fork_quietly();
	if (child == 0)
		ask_all(shared, n);
	if (child > 0)
		status = wait_status(child);
	if (status == 0)
		memcpy(v, shared, size);
	munmap(shared, size);
	return status;
}

struct process_answers *process_answers_ask(pid_t init)
{
	_cleanup_free_ char *status = process_text(init, "status");
	struct choosing c = {
		.mdwe = prctl(PR_GET_MDWE, 0UL, 0UL, 0UL, 0UL) >= 0,
	};
	const unsigned long long began = ticks_now();
	struct process_answers *a;

	describe(&c.init, status);
	for_each_process(init, choose, &c);
	if (c.n == 0)
		return NULL;
	qsort(c.v, c.n, sizeof(*c.v), compare_kinds);
	if (answer(c.v, c.n) != 0) {
		free(c.v);
		return NULL;
	}
	qsort(c.v, c.n, sizeof(*c.v), compare);
	a = xcalloc(1, sizeof(*a));
	*a = (struct process_answers){.v = c.v, .n = c.n, .began = began};
	return a;
}

static const struct process_answer *find(const struct process_answers *a, pid_t pid)
{
	const struct process_answer key = {.pid = pid};

	return bsearch(&key, a->v, a->n, sizeof(*a->v), compare);
}

void process_answers_find(const struct process_answers *a, pid_t pid, const char *stat,
			  bool has[N_PROCESS_FLAGS])
{
	const unsigned long long start =
		(unsigned long long)process_stat_number(stat, PROCESS_STAT_START);
	const struct process_answer *found = find(a, pid), *parent;

	if (found && found->start == start) {
		for (size_t i = 0; i < N_PROCESS_FLAGS; i++)
			has[i] = has[i] || found->has[i];
	} else if (start >= a->began) {
		parent = find(a, (pid_t)process_stat_number(stat, PROCESS_STAT_PARENT));
		has[PROCESS_MDWE] = parent && parent->has[PROCESS_MDWE];
	}
}

void process_answers_free(struct process_answers *a)
{
	if (a)
		free(a->v);
	free(a);
}
