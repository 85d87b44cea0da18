/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes mounts slaves again that CRIU has restored without a master. A child of the monitor enters
 * the mount namespaces of the container's processes, as the host's root, before any of them runs:
 * nobody can exchange what a path leads to. No link is followed.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/slave_mounts.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP 0x100
#endif

/* The processes whose namespaces are needed, by their numbers in the container. */
struct known {
	int inner;
	pid_t pid;
};

struct processes {
	struct known *v;
	size_t n;
};

static int note_process(pid_t pid, void *userdata)
{
	struct processes *all = userdata;

	*ARRAY_ADD(all->v, all->n) = (struct known){process_inner_id(pid), pid};
	return 0;
}

static int compare_known(const void *a, const void *b)
{
	int x = ((const struct known *)a)->inner, y = ((const struct known *)b)->inner;

	return (x > y) - (x < y);
}

static void note_processes(struct processes *all, pid_t init)
{
	for_each_process(init, note_process, all);
	if (all->n > 0)
		qsort(all->v, all->n, sizeof(*all->v), compare_known);
}

static int open_of(int proc, pid_t pid, const char *what, int flags)
{
	_cleanup_free_ char *path = xasprintf("%d/%s", (int)pid, what);

	return openat(proc, path, flags | O_CLOEXEC);
}

/* Opens a mount below the process's root, and enters its namespace; -1 if there is none. */
static int open_place(int proc, const struct processes *all, const struct place *p)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	const struct known key = {.inner = p->pid};
	const struct known *found =
		all->n ? bsearch(&key, all->v, all->n, sizeof(key), compare_known) : NULL;
	_cleanup_close_ int ns = found ? open_of(proc, found->pid, "ns/mnt", O_RDONLY) : -1;
	_cleanup_close_ int root = ns < 0 ? -1 : open_of(proc, found->pid, "root", O_PATH);

	if (root < 0 || setns(ns, CLONE_NEWNS) < 0)
		return -1;
	return (int)syscall(SYS_openat2, root, p->target, &how, sizeof(how));
}

/* The kernel changes propagation only of mounts in the caller's namespace, which is the slave's. */
static bool enslave(int proc, const struct processes *all, const struct slave_mount *m)
{
	struct mount_attr slave = {.propagation = MS_SLAVE};
	_cleanup_close_ int from = open_place(proc, all, &m->master);
	_cleanup_close_ int to = from < 0 ? -1 : open_place(proc, all, &m->slave);

	return to >= 0 &&
	       move_mount(from, "", to, "",
			  MOVE_MOUNT_SET_GROUP | MOVE_MOUNT_F_EMPTY_PATH |
				  MOVE_MOUNT_T_EMPTY_PATH) == 0 &&
	       mount_setattr(to, "", AT_EMPTY_PATH, &slave, sizeof(slave)) == 0;
}

_Noreturn static void enslave_all(const struct processes *all, const struct propagation *p)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool failed = proc < 0;

	for (size_t i = 0; proc >= 0 && i < p->n; i++)
		failed = !enslave(proc, all, &p->v[i]) || failed;
	_exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

int slave_mounts_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_propagation_ struct propagation p = {0};
	_cleanup_free_ char *text = NULL;
	struct processes all = {0};
	size_t len;
	pid_t pid;
	int e = image_read(r->image, r->manifest, PROPAGATION_NAME, PROPAGATION_MAX, &text, &len,
			   reterr);

	if (e < 0 || !text)
		return e;
	if (strlen(text) != len || !propagation_parse(text, &p))
		return error_set(reterr, EBADMSG, PROPAGATION_NAME ": is not a list of mounts");
	note_processes(&all, init);
	pid = fork();
	if (pid == 0)
		enslave_all(&all, &p);
	/* the container works without: what its init mounts later is not seen there */
	if (pid < 0 || wait_status(pid) != 0)
		log_at(LOG_LEVEL_WARN,
		       "Not all mounts of the container's processes receive what is "
		       "mounted elsewhere in the container");
	free(all.v);
	return 0;
}
