/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes mounts slaves again that CRIU has restored without a master, and mounts the sockets that
 * CRIU has made anew where the old ones were mounted. A child of the monitor enters the mount
 * namespaces of the container's processes, as the host's root, before any of them runs: nobody can
 * exchange what a path leads to. No link is followed.
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

/* --- sockets --- */

static bool set_propagation(int mount, uint64_t propagation)
{
	struct mount_attr attr = {.propagation = propagation};

	return mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0;
}

/* As systemd mounts it. The copy begins as a peer of the mount that it is made from. */
static bool mount_socket(int proc, const struct processes *all, const struct slave_mount *m)
{
	struct mount_attr flags = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
	_cleanup_close_ int from = open_place(proc, all, &m->master);
	_cleanup_close_ int new =
		from < 0 ? -1
			 : open_tree(from, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	_cleanup_close_ int to = new < 0 ? -1 : open_place(proc, all, &m->slave);

	return to >= 0 && mount_setattr(new, "", AT_EMPTY_PATH, &flags, sizeof(flags)) == 0 &&
	       set_propagation(new, MS_SLAVE) && set_propagation(new, MS_SHARED) &&
	       move_mount(new, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

/* --- all of them --- */

typedef bool change_fn(int proc, const struct processes *all, const struct slave_mount *m);

_Noreturn static void change_all(const struct processes *all, const struct propagation *p,
				 change_fn *change)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool failed = proc < 0;

	for (size_t i = 0; proc >= 0 && i < p->n; i++)
		failed = !change(proc, all, &p->v[i]) || failed;
	_exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The container works without, so a failure is only logged. */
static int apply(struct restore *r, pid_t init, const char *name, change_fn *change,
		 const char *failure, struct error **reterr)
{
	_cleanup_propagation_ struct propagation p = {0};
	_cleanup_free_ char *text = NULL;
	struct processes all = {0};
	size_t len;
	pid_t pid;
	int e = image_read(r->image, r->manifest, name, PROPAGATION_MAX, &text, &len, reterr);

	if (e < 0 || !text)
		return e;
	if (strlen(text) != len || !propagation_parse(text, &p))
		return error_set(reterr, EBADMSG, "%s: is not a list of mounts", name);
	note_processes(&all, init);
	pid = fork();
	if (pid == 0)
		change_all(&all, &p, change);
	if (pid < 0 || wait_status(pid) != 0)
		log_at(LOG_LEVEL_WARN, "%s", failure);
	free(all.v);
	return 0;
}

int slave_mounts_apply(struct restore *r, pid_t init, struct error **reterr)
{
	int e = apply(r, init, PROPAGATION_NAME, enslave,
		      "Not all mounts of the container's processes receive what is "
		      "mounted elsewhere in the container",
		      reterr);

	return e < 0 ? e
		     : apply(r, init, MOUNTED_SOCKETS_NAME, mount_socket,
			     "Not all sockets are mounted where processes of the container "
			     "expect them",
			     reterr);
}
