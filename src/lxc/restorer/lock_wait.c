/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * CRIU takes the container's locks on files again, and waits for whoever has taken one since
 * somebody looked. Runs in the monitor, as root on the host, while CRIU works.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/proc_locks.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define WAIT_S	  10
#define DEPTH_MAX 64 /* of a tree of processes; deeper ones are not looked at */

/*
 * Restored processes descend from the monitor, as CRIU and scripts do, but they are in another PID
 * namespace.
 */
static bool is_ours(pid_t pid, ino_t own_namespace)
{
	if (process_is_in(pid, own_namespace))
		return false;
	for (int i = 0; i < DEPTH_MAX && pid > 1; i++) {
		if (pid == getpid())
			return true;
		pid = (pid_t)process_status_number(pid, "\nPPid:");
	}
	return false;
}

/* The name by which the process knows the file that it waits for. Caller frees. */
static char *name_of(const struct proc_lock *waiting)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)waiting->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char name[4096];
		struct statx st;
		ssize_t n;

		/* what is known already will do: no server of a filesystem is waited for */
		if (statx(dirfd(dir), e->d_name, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0 ||
		    st.stx_ino != waiting->inode)
			continue;
		n = readlinkat(dirfd(dir), e->d_name, name, sizeof(name) - 1);
		if (n <= 0 || (size_t)n >= sizeof(name))
			continue;
		name[n] = '\0';
		make_printable(name);
		return xstrdup(name);
	}
	return xasprintf("the file with the inode %llu", (unsigned long long)waiting->inode);
}

static const struct proc_lock *find_waiting(const struct proc_locks *l)
{
	ino_t own_namespace = process_pid_namespace(getpid());

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].waits && is_ours(l->v[i].pid, own_namespace))
			return &l->v[i];
	return NULL;
}

/* About five times a second; it reads once a second. */
int locks_watch(struct restore *r, struct error **reterr)
{
	_cleanup_proc_locks_ struct proc_locks locks = {0};
	_cleanup_free_ char *file = NULL, *who = NULL;
	const struct proc_lock *waiting, *holder;
	time_t t = (time_t)(monotonic_ms() / 1000);

	/* from pre-resume on all are taken, and the container's own may wait for each other */
	if (r->completed || t == r->locks_looked)
		return 0;
	r->locks_looked = t;
	proc_locks_read(&locks);
	waiting = find_waiting(&locks);
	if (!waiting)
		r->locks_waiting = 0;
	else if (r->locks_waiting == 0)
		r->locks_waiting = t;
	if (!waiting || t - r->locks_waiting < WAIT_S)
		return 0;
	holder = proc_locks_holder(&locks, waiting);
	file = name_of(waiting);
	who = holder ? proc_lock_who(holder) : xstrdup("somebody else");
	error_set(reterr, EBUSY,
		  "%s, on which a process of the container had a lock, has been locked by %s for "
		  "more than %d s",
		  file, who, WAIT_S);
	error_set_hint(reterr, "have it let go of it, or end it, and restore again");
	return -EBUSY;
}
