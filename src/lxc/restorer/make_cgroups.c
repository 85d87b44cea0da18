/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The stage of the cgroups: the monitor's and the container's, empty, under the names that
 * lxc-start would choose. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/process.h"
#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"

#define CONTROLLERS_MAX 4096
#define SUFFIX_MAX	999 /* as lxc-start counts */

#define EMPTY_MS      2000
#define EMPTY_CHANGES 8

static void endmntentp(FILE **f)
{
	if (*f)
		endmntent(*f);
}

static int open_cgroup2(struct error **reterr)
{
	__attribute__((cleanup(endmntentp))) FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;

	while (mounts && (m = getmntent(mounts)))
		if (strcmp(m->mnt_type, "cgroup2") == 0) {
			int fd = open(m->mnt_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

			return fd < 0 ? error_errno(reterr, "cannot open %s", m->mnt_dir) : fd;
		}
	return error_refuse(reterr, ENOENT, "no cgroup2 hierarchy is mounted on this host");
}

/*
 * A controller reaches a cgroup only through every cgroup above it. One that
 * cannot be had (threaded, no delegation) is one that CRIU will name where it
 * needs it.
 */
static void enable_controllers(int dir)
{
	_cleanup_free_ char *controllers = NULL;
	char *save = NULL;

	if (read_file_at(dir, "cgroup.controllers", CONTROLLERS_MAX, &controllers) <= 0)
		return;
	for (char *c = strtok_r(controllers, " \n", &save); c; c = strtok_r(NULL, " \n", &save)) {
		_cleanup_free_ char *word = xasprintf("+%s", c);

		write_file_at(dir, "cgroup.subtree_control", word);
	}
}

/* Everything above the last component. */
static int make_parents(int root, const char *path)
{
	_cleanup_free_ char *p = xstrdup(path);

	enable_controllers(root);
	for (char *s = p; (s = strchr(s, '/')); s++) {
		_cleanup_close_ int dir = -1;

		*s = '\0';
		if (mkdirat(root, p, 0755) < 0 && errno != EEXIST)
			return -errno;
		dir = openat(root, p, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0)
			enable_controllers(dir);
		*s = '/';
	}
	return 0;
}

/* Processes in it or anywhere beneath: it is somebody's, down to its empty children. */
static bool is_populated(int root, const char *path)
{
	_cleanup_free_ char *events = xasprintf("%s/cgroup.events", path);
	_cleanup_free_ char *text = NULL;

	return read_file_at(root, events, 4096, &text) < 0 || strstr(text, "populated 1") != NULL;
}

/*
 * Helpers of a CRIU that failed are nobody's children any more, and are dead a
 * moment after it: until then the cgroup cannot be removed.
 */
static void wait_until_empty(int root, const char *path)
{
	_cleanup_free_ char *events = xasprintf("%s/cgroup.events", path);
	_cleanup_close_ int fd = openat(root, events, O_RDONLY | O_CLOEXEC);
	struct pollfd p = {.fd = fd, .events = POLLPRI};
	char text[4096];
	ssize_t n;

	for (int i = 0; i < EMPTY_CHANGES; i++) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n <= 0)
			return;
		text[n] = '\0';
		/* what changes after the reading is what poll() tells */
		if (!strstr(text, "populated 1") || poll(&p, 1, EMPTY_MS) == 0)
			return;
	}
}

/*
 * The name as asked for, or with "-1", "-2" behind it where processes are in
 * one of that name: as lxc-start does it. An empty one is a leftover.
 */
static int make_cgroup(int root, const char *wanted, char **ret, struct error **reterr)
{
	_cleanup_free_ char *path = xstrdup(wanted + strspn(wanted, "/"));
	_cleanup_free_ char *base = xstrdup(path);
	int r = make_parents(root, path);

	for (unsigned int i = 1; r == 0 && i <= SUFFIX_MAX; i++) {
		r = mkdirat(root, path, 0755) == 0 ? 0 : -errno;
		if (r == -EEXIST && !is_populated(root, path) && remove_cgroup_at(root, path) == 0)
			r = mkdirat(root, path, 0755) == 0 ? 0 : -errno;
		if (r == 0) {
			*ret = TAKE_PTR(path);
			return 0;
		}
		if (r == -EEXIST)
			r = 0; /* the next name */
		free(path);
		path = xasprintf("%s-%u", base, i);
	}
	if (r == 0)
		r = -EEXIST;
	return error_set(reterr, -r, "cannot make the cgroup %s: %s", base, strerror(-r));
}

static int enter_cgroup(int root, const char *path)
{
	_cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", path);

	return write_file_at(root, procs, "0");
}

/* The container sees no more than this, and what limits it is above. */
static int make_inner(struct restore *r, struct error **reterr)
{
	const char *below = r->manifest->facts.inner_cgroup;
	int e;

	if (!below)
		return 0;
	r->cgroups.inner = xasprintf("%s/%s", r->cgroups.payload, below);
	e = make_parents(r->cgroups.root, r->cgroups.inner);
	if (e == 0 && mkdirat(r->cgroups.root, r->cgroups.inner, 0755) < 0)
		e = -errno;
	if (e < 0)
		return error_set(reterr, -e, "cannot make the cgroup %s: %s", r->cgroups.inner,
				 strerror(-e));
	r->cgroups.inner_fd =
		openat(r->cgroups.root, r->cgroups.inner, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->cgroups.inner_fd < 0
		       ? error_errno(reterr, "cannot open the cgroup %s", r->cgroups.inner)
		       : 0;
}

/* LXC lists them once, before it makes a cgroup, and answers by this list from then on. */
static void list_controllers(struct restore *r)
{
	const char *base = r->plan->base_cgroup + strspn(r->plan->base_cgroup, "/");
	_cleanup_free_ char *path = xasprintf("%s%scgroup.controllers", base, *base ? "/" : "");

	if (read_file_at(r->cgroups.root, path, CONTROLLERS_MAX, &r->cgroups.controllers) < 0)
		r->cgroups.controllers = NULL;
}

int cgroups_begin(struct restore *r, struct error **reterr)
{
	int e;

	r->cgroups.root = open_cgroup2(reterr);
	if (r->cgroups.root < 0)
		return r->cgroups.root;
	/* to leave again there has to be one, whatever else runs out of them */
	r->cgroups.spare = fcntl(r->cgroups.root, F_DUPFD_CLOEXEC, 0);
	if (r->cgroups.spare < 0)
		return error_errno(reterr, "cannot keep a descriptor");
	notes_write(r);
	list_controllers(r);
	e = make_cgroup(r->cgroups.root, r->plan->monitor_cgroup, &r->cgroups.monitor, reterr);
	if (e < 0)
		return e;
	notes_add_cgroup(r, r->cgroups.monitor);
	e = enter_cgroup(r->cgroups.root, r->cgroups.monitor);
	if (e < 0)
		return error_set(reterr, -e, "cannot enter the cgroup %s: %s", r->cgroups.monitor,
				 strerror(-e));
	e = make_cgroup(r->cgroups.root, r->plan->payload_cgroup, &r->cgroups.payload, reterr);
	if (e < 0)
		return e;
	notes_add_cgroup(r, r->cgroups.payload);
	r->cgroups.payload_fd =
		openat(r->cgroups.root, r->cgroups.payload, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->cgroups.payload_fd < 0)
		return error_errno(reterr, "cannot open the cgroup %s", r->cgroups.payload);
	return make_inner(r, reterr);
}

/* Makes it where it is missing, and moves a process there; "0" is this one. */
static bool enter_pivot(const struct restore *r, const char *pid)
{
	const char *pivot = r->plan->pivot_cgroup + strspn(r->plan->pivot_cgroup, "/");
	_cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", pivot);

	return (mkdirat(r->cgroups.root, pivot, 0755) == 0 || errno == EEXIST) &&
	       write_file_at(r->cgroups.root, procs, pid) == 0;
}

/*
 * The kernel takes some 10 ms to move a process, and as long to remove a link: a child moves this
 * one meanwhile. Not where a stop hook is still to run, which would be moved as well.
 */
void cgroups_leave_soon(struct restore *r)
{
	const pid_t monitor = getpid();

	if (!r->cgroups.monitor || r->cgroups.leaving ||
	    restore_plan_config(r->plan, "lxc.hook.stop"))
		return;
	r->cgroups.leaving = fork_quietly();
	if (r->cgroups.leaving == 0) {
		_cleanup_free_ char *pid = xasprintf("%d", (int)monitor);

		_exit(getppid() == monitor && enter_pivot(r, pid) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
}

/*
 * A process cannot remove the cgroup it is in, and with controllers enabled it
 * may not sit in an inner one: lxc-start's monitors go to lxc.pivot to die,
 * and so does this one.
 */
static void leave_monitor_cgroup(struct restore *r)
{
	bool left = r->cgroups.leaving > 0 && wait_status(r->cgroups.leaving) == 0;

	r->cgroups.leaving = 0;
	if (left || enter_pivot(r, "0"))
		wait_until_empty(r->cgroups.root, r->cgroups.monitor);
	/* where it could not be entered it is to go as well */
	remove_cgroup_at(r->cgroups.root, r->cgroups.monitor);
}

void cgroups_undo(struct restore *r)
{
	if (r->cgroups.payload) {
		wait_until_empty(r->cgroups.root, r->cgroups.payload);
		remove_cgroup_at(r->cgroups.root, r->cgroups.payload);
	}
	fd_close(&r->cgroups.spare);
	if (r->cgroups.monitor)
		leave_monitor_cgroup(r);
	free(TAKE_PTR(r->cgroups.controllers));
	free(TAKE_PTR(r->cgroups.inner));
	free(TAKE_PTR(r->cgroups.payload));
	free(TAKE_PTR(r->cgroups.monitor));
	fd_close(&r->cgroups.inner_fd);
	fd_close(&r->cgroups.payload_fd);
	fd_close(&r->cgroups.root);
}
