/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Has each process that holds /dev/tty, as shells with job control do, replace that descriptor by
 * another one of the same terminal, which CRIU can save. The process can do the same with it. Runs
 * in the caller's process at a dump, as root; a child of it has the processes make the system call.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/table_save.h"
#include "sys/held_terminals.h"
#include "sys/inject.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define SAID_MAX    4096
#define COMM_MAX    64
#define EXIT_REASON 3 /* the child has said why it failed */

struct processes {
	pid_t *v;
	size_t n;
};

static int add(pid_t pid, void *userdata)
{
	struct processes *all = userdata;

	*ARRAY_ADD(all->v, all->n) = pid;
	return 0;
}

struct holder {
	pid_t pid;
	int pidfd;
};

/* The one that can take the place of a descriptor of /dev/tty; NULL: none can, or need not. */
static const struct held_terminal *replacement(const struct holder *h,
					       const struct held_terminal *v, size_t n, size_t i)
{
	return v[i].current ? held_terminal_equal(h->pidfd, v, n, &v[i]) : NULL;
}

static bool has_replacement(const struct holder *h)
{
	_cleanup_free_ struct held_terminal *v = NULL;
	size_t n = 0;

	if (held_terminals(h->pid, h->pidfd, &v, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (replacement(h, v, n, i))
			return true;
	return false;
}

/* -EAGAIN: the process has run meanwhile, and may have something else at these numbers. */
static int replace_listed(struct injection *t, const struct holder *h)
{
	_cleanup_free_ struct held_terminal *v = NULL;
	size_t n = 0;
	int r = 0;

	if (held_terminals(h->pid, h->pidfd, &v, &n) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct held_terminal *by = replacement(h, v, n, i);
		unsigned long args[INJECT_ARGS] = {0};
		long result = 0;

		if (!by)
			continue;
		args[0] = (unsigned long)by->fd;
		args[1] = (unsigned long)v[i].fd;
		args[2] = (unsigned long)(v[i].flags & O_CLOEXEC);
		r = inject_try(t, SYS_dup3, args, &result);
	}
	return r;
}

/*
 * The process is held: what it has at a number is what was seen there. (Another one that shares its
 * descriptors, as a thread does, runs on. The loss is theirs: that is what they could do to
 * themselves.)
 */
static int replace_held(struct injection *t, void *userdata)
{
	int r;

	do
		r = replace_listed(t, userdata);
	while (r == -EAGAIN);
	return r;
}

static int replace_all(pid_t pid)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	struct holder h = {pid, pidfd};
	int r;

	if (pidfd < 0 || !has_replacement(&h))
		return 0;
	r = inject(pid, pidfd, replace_held, &h);
	/* it has exited: nothing is left to do */
	return r == -ESRCH ? 0 : r;
}

static char *name_of(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/comm", (int)pid);
	char *name = NULL;

	if (read_file_at(AT_FDCWD, path, COMM_MAX, &name) <= 0)
		name = xstrdup("?");
	name[strcspn(name, "\n")] = '\0';
	make_printable(name);
	return name;
}

static void explain(int fd, pid_t pid, int r)
{
	_cleanup_free_ char *name = name_of(pid);

	dprintf(fd,
		"process %d (%s) has its terminal open as /dev/tty, and cannot be told to use "
		"another descriptor: %s",
		(int)pid, name, inject_failure(r));
}

_Noreturn static void replace_in(pid_t init, int said)
{
	struct processes all = {0};
	int r = 0;

	for_each_process(init, add, &all);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		r = replace_all(all.v[i]);
		if (r < 0)
			explain(said, all.v[i], r);
	}
	_exit(r < 0 ? EXIT_REASON : EXIT_SUCCESS);
}

int controlling_terminal_save(struct saving *s, struct error **reterr)
{
	_cleanup_close_ int said = -1;
	_cleanup_free_ char *text = NULL;
	int status;
	pid_t pid;

	if (!s->holds_current_terminal)
		return 0;
	said = memfd_create("said", MFD_CLOEXEC);
	pid = said < 0 ? -1 : fork_quietly();
	if (pid == 0)
		replace_in(s->facts->init_pid, said);
	status = pid < 0 ? -errno : wait_status(pid);
	if (status == 0)
		return 0;
	if (lseek(said, 0, SEEK_SET) < 0 || read_all(said, SAID_MAX, &text) <= 0)
		return error_set(reterr, EIO, "cannot look at the terminals of %s", s->facts->name);
	error_refuse(reterr, EBUSY, "%s", text);
	error_set_hint(reterr, "stop that process, or log out there, and try again");
	return -EBUSY;
}

static bool holds_hung_up(pid_t pid)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_free_ struct held_terminal *v = NULL;
	size_t n = 0;

	if (pidfd >= 0 && held_terminals(pid, pidfd, &v, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (v[i].current && v[i].terminal == TERMINAL_HUNG_UP)
				return true;
	return false;
}

/* One that has been hung up since: CRIU would save it, but not restore it. */
int controlling_terminal_check(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *name = NULL;
	struct processes all = {0};
	pid_t pid = 0;

	if (!s->holds_current_terminal)
		return 0;
	for_each_process(s->facts->init_pid, add, &all);
	for (size_t i = 0; pid == 0 && i < all.n; i++)
		pid = holds_hung_up(all.v[i]) ? all.v[i] : 0;
	free(all.v);
	if (pid == 0)
		return 0;
	name = name_of(pid);
	error_refuse(reterr, EBUSY,
		     "process %d (%s) has its terminal open as /dev/tty, and that has just been "
		     "hung up",
		     (int)pid, name);
	if (reterr && *reterr)
		(*reterr)->passing = true;
	error_set_hint(reterr, "try again; if that does not help, stop that process");
	return -EBUSY;
}
