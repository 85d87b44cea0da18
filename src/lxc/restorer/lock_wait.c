/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * CRIU's processes take the container's locks on files again, and wait for whoever has one now.
 * Runs in the monitor, as root on the host, while CRIU works. The kernel does not show every
 * holder (/proc/locks leaves out those of other PID namespaces, and of network filesystems), so
 * this file looks at the processes that wait.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "criu/image_locks.h"
#include "restorer/restorer.h"
#include "sys/proc_locks.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define WAIT_S	    10
#define SYSCALL_MAX 256

struct waiting {
	pid_t pid;
	int fd; /* of that process, on the file */
};

/* Until pre-resume only CRIU's code runs in a restored process. */
static int find_waiting(pid_t pid, void *userdata)
{
	struct waiting *w = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d/syscall", (int)pid);
	_cleanup_free_ char *text = NULL;
	char number[24], first[24], second[24];
	unsigned long command;
	long call;

	if (read_file_at(AT_FDCWD, path, SYSCALL_MAX, &text) <= 0 ||
	    sscanf(text, "%23s %23s %23s", number, first, second) != 3)
		return 0;
	call = strtol(number, NULL, 10);
	command = strtoul(second, NULL, 16);
	if (call != SYS_flock &&
	    (call != SYS_fcntl || (command != F_SETLKW && command != F_OFD_SETLKW)))
		return 0;
	w->pid = pid;
	w->fd = (int)strtoul(first, NULL, 16);
	return 1;
}

/* The name by which the process knows the file. Caller frees. */
static char *name_of(const struct waiting *w)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd/%d", (int)w->pid, w->fd);
	char name[4096];
	ssize_t n = readlink(path, name, sizeof(name) - 1);

	if (n <= 0 || n >= (ssize_t)sizeof(name))
		return xasprintf("the file of its descriptor %d", w->fd);
	name[n] = '\0';
	make_printable(name);
	return xstrdup(name);
}

/* Caller frees. */
static char *holder_of(const struct waiting *w)
{
	_cleanup_proc_locks_ struct proc_locks locks = {0};
	const struct proc_lock *holder = NULL;

	proc_locks_read(&locks);
	for (size_t i = 0; !holder && i < locks.n; i++)
		if (locks.v[i].waits && locks.v[i].pid == w->pid)
			holder = proc_locks_holder(&locks, &locks.v[i]);
	return holder ? proc_lock_who(holder)
		      : xstrdup("a process that /proc/locks of this host does not show");
}

/* About five times a second; it reads once a second. */
int locks_watch(struct restore *r, struct error **reterr)
{
	_cleanup_free_ char *file = NULL, *who = NULL;
	time_t t = (time_t)(monotonic_ms() / 1000);
	struct waiting w = {0};

	/* from pre-resume on all are taken, and the container's own may wait for each other */
	if (r->processes.completed || t == r->processes.locks_looked)
		return 0;
	r->processes.locks_looked = t;
	if (!criu_image_has_locks(r->image->dirfd))
		return 0;
	for_each_process(r->processes.half_made_init, find_waiting, &w);
	/* one that has got its lock, and waits for another, waits anew */
	if (w.pid != r->processes.locks_pid || w.fd != r->processes.locks_fd)
		r->processes.locks_waiting = t;
	r->processes.locks_pid = w.pid;
	r->processes.locks_fd = w.fd;
	if (!w.pid || t - r->processes.locks_waiting < WAIT_S)
		return 0;
	file = name_of(&w);
	who = holder_of(&w);
	error_set(reterr, EBUSY,
		  "%s, on which process %d in the container had a lock, has been locked by %s for "
		  "more than %d s",
		  file, (int)process_inner_id(w.pid), who, WAIT_S);
	error_set_hint(reterr, "have it let go of the lock, or end it, and restore again");
	return -EBUSY;
}
