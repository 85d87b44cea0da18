/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The lock on a container, and the record of the operation that has it. Runs in the caller's
 * process, as root on the host. Nothing here is held longer than an operation takes.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "inspect/asking.h"
#include "inspect/identity.h"
#include "lock/operation.h"
#include "lock/recover.h"
#include "sys/flock.h"
#include "sys/link.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mem.h"

#define LINES_MAX 65536 /* of the earlier form */

#define ORPHANS_MS 5000
#define GRACE_MS   1000
#define LOOK_MS	   200 /* longer than it takes to write the holder's name, or to look at it */
#define TICK_MS	   20

/* Reads what an earlier version left in the lock itself: 1, 0, or -errno. */
static int read_lines(const char *name, struct record *ret, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = runtime_read(name, LINES_MAX, &text);

	if (n < 0 && n != -ENOENT)
		return error_refuse(reterr, (int)-n, "cannot read " RUNTIME_DIR "/%s: %s", name,
				    strerror((int)-n));
	if (n <= 0)
		return 0;
	record_from_lines(text, ret);
	return 1;
}

/* 1: there is a record, of any version. */
static int read_record(const char *name, struct record *ret, struct error **reterr)
{
	int r = record_read(name, RECORD_OPERATION, ret, reterr);

	return r == 0 ? read_lines(name, ret, reterr) : r;
}

/* The holder of the lock; pid 0: unknown. */
static void read_holder(const char *name, struct record *ret)
{
	if (read_record(name, ret, NULL) <= 0)
		ret->what = xstrdup("another checkpoint or restore");
}

static bool is_dead(const struct record *holder)
{
	return holder->pid > 0 && record_process_ended(holder, holder->pid, 0);
}

static int refuse_busy(const struct operation *op, const char *name, struct error **reterr)
{
	_cleanup_record_ struct record h = {0};
	_cleanup_free_ char *since = NULL;

	read_holder(op->name, &h);
	since = local_time_text((time_t)h.since);
	if (h.pid == 0) {
		error_refuse(reterr, EBUSY, "%s of %s is running", h.what, name);
	} else if (is_dead(&h)) {
		error_refuse(reterr, EBUSY,
			     "%s of %s has been running since %s: its command was killed, but CRIU "
			     "is still working",
			     h.what, name, since);
		error_set_hint(reterr, "wait until CRIU exits, or find out what delays it");
		return -EBUSY;
	} else {
		error_refuse(reterr, EBUSY, "%s of %s has been running since %s (process %d)",
			     h.what, name, since, h.pid);
	}
	error_set_hint(reterr, "wait until that is done");
	return -EBUSY;
}

static bool has_lost_monitor(const struct record *r)
{
	return r->monitor > 0 && record_process_ended(r, r->monitor, r->monitor_start);
}

/*
 * Processes that have lost their command or monitor notice that soon and give up. Otherwise they
 * are killed. orphans: they are known to be such. Returns -EBUSY, or 0 with the lock.
 */
static int lock(const struct operation *op, bool orphans)
{
	for (int waited = 0; flock(op->fd, LOCK_EX | LOCK_NB) < 0; waited += TICK_MS) {
		_cleanup_record_ struct record h = {0};
		bool passes;

		read_holder(op->name, &h);
		passes = orphans || is_dead(&h) || (h.pid == 0 && waited < LOOK_MS);
		if (waited >= ORPHANS_MS || !passes)
			return -EBUSY;
		if (waited == GRACE_MS && has_lost_monitor(&h))
			recover_cgroups(&h, 0);
		poll(NULL, 0, TICK_MS);
	}
	return 0;
}

/* All processes that left something are dead: repairs it. */
static int heal(const struct operation *op, struct lxc_container *c, struct error **reterr)
{
	_cleanup_record_ struct record left = {0};
	int r = read_record(op->name, &left, reterr);

	if (r > 0)
		r = recover(&left, c, reterr);
	recover_left_links(op->name);
	return r;
}

static int write_record(const struct operation *op, struct error **reterr)
{
	return record_write(op->name, RECORD_OPERATION, &op->record, reterr);
}

static int open_lock(struct operation *op, struct error **reterr)
{
	_cleanup_close_ int dir = runtime_dir_open();

	if (dir < 0)
		return error_refuse(reterr, -dir,
				    "cannot use %s, which must belong to root alone: %s",
				    RUNTIME_DIR, strerror(-dir));
	op->fd = openat(dir, op->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (op->fd < 0 || fd_above_standard(&op->fd) < 0)
		return error_errno(reterr, "cannot open " RUNTIME_DIR "/%s", op->name);
	if (runtime_check(op->fd) < 0)
		return error_refuse(reterr, EPERM,
				    "others than root can write to " RUNTIME_DIR "/%s", op->name);
	return 0;
}

static int take(struct lxc_container *c, struct operation *op, struct error **reterr)
{
	int r = open_lock(op, reterr);

	if (r < 0)
		return r;
	if (lock(op, false) < 0)
		return refuse_busy(op, c->name, reterr);
	r = heal(op, c, reterr);
	if (r == 0)
		r = write_record(op, reterr);
	/* repairs what an earlier version left there */
	if (r == 0 && ftruncate(op->fd, 0) < 0)
		r = error_errno(reterr, "cannot write " RUNTIME_DIR "/%s", op->name);
	return r;
}

int operation_begin(struct lxc_container *c, const char *place, const char *what,
		    struct operation *ret, struct error **reterr)
{
	struct operation op = {
		.fd = -1,
		.name = container_lock_name(place),
		.record = {.pid_namespace = record_pid_namespace(),
			   .pid = (int)getpid(),
			   .since = (uint64_t)time(NULL),
			   .what = xstrdup(what)},
	};
	int r = take(c, &op, reterr);

	if (r < 0) {
		operation_leave(&op);
		return r;
	}
	*ret = op;
	return 0;
}

int operation_look(struct lxc_container *c, const char *place, struct error **reterr)
{
	_cleanup_free_ char *name = container_lock_name(place);
	_cleanup_free_ char *path = xasprintf(RUNTIME_DIR "/%s", name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const struct operation op = {.fd = fd, .name = name};

	/* an operation that has just begun waits until this one is shared */
	if (fd < 0 || runtime_check(fd) < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	return refuse_busy(&op, c->name, reterr);
}

int operation_regain(struct lxc_container *c, struct operation *op, struct error **reterr)
{
	int r;

	fd_close(&op->fd);
	r = open_lock(op, reterr);
	if (r == 0 && lock(op, true) < 0)
		r = refuse_busy(op, c->name, reterr);
	if (r == 0)
		r = heal(op, c, reterr);
	/* the record is another's by then, or for whoever comes next: operation_end() lets it be */
	if (r < 0)
		fd_close(&op->fd);
	return r;
}

void operation_about(struct operation *op, pid_t init, const char *cgroup)
{
	op->record.init = init;
	op->record.init_start = process_start_time(init);
	free(op->record.frozen);
	op->record.frozen = cgroup ? xstrdup(cgroup) : NULL;
}

int operation_set_network(struct operation *op, const struct nic *nics, size_t n_nics,
			  struct error **reterr)
{
	struct record *r = &op->record;

	for (size_t i = 0; i < n_nics; i++) {
		struct nic *nic;

		if (!nics[i].host_name || !nics[i].bridge)
			continue;
		nic = ARRAY_ADD(r->nics, r->n_nics);
		nic->host_name = xstrdup(nics[i].host_name);
		nic->bridge = xstrdup(nics[i].bridge);
		nic->host_mac = nics[i].host_mac ? xstrdup(nics[i].host_mac) : NULL;
	}
	return write_record(op, reterr);
}

static bool has_record_of(const char *lock, pid_t monitor)
{
	_cleanup_record_ struct record r = {0};

	return record_read(lock, RECORD_LINKS, &r, NULL) > 0 && r.monitor == monitor &&
	       !record_process_ended(&r, r.monitor, r.monitor_start);
}

/* Without it the kernel deletes the links anyway, but at a time of its own: not a failure. */
void operation_note_links(const struct operation *op, pid_t monitor, const struct nic *nics,
			  size_t n_nics)
{
	_cleanup_record_ struct record r = {
		.pid_namespace = record_pid_namespace(),
		.what = xstrdup("a container that runs"),
		.since = (uint64_t)time(NULL),
		.init = op->record.init,
		.init_start = op->record.init_start,
		.monitor = monitor,
		.monitor_start = process_start_time(monitor),
	};

	if (monitor <= 0 || has_record_of(op->name, monitor))
		return;
	for (size_t i = 0; i < n_nics; i++) {
		const unsigned int number =
			nics[i].host_name ? if_nametoindex(nics[i].host_name) : 0;
		struct record_link *l;

		if (number == 0)
			continue;
		l = ARRAY_ADD(r.links, r.n_links);
		l->name = xstrdup(nics[i].host_name);
		l->number = number;
		l->mac = link_address(l->name, number);
	}
	if (r.n_links > 0)
		ignore_result(record_write(op->name, RECORD_LINKS, &r, NULL));
}

/* The lock file stays: removing it would take it from under a process that has just opened it. */
void operation_end(struct operation *op)
{
	if (op->fd >= 0) {
		record_remove(op->name, RECORD_OPERATION);
		/* a checkpoint may have ended the container that it is about */
		recover_left_links(op->name);
	}
	operation_leave(op);
}

void operation_leave(struct operation *op)
{
	fd_close(&op->fd);
	free(TAKE_PTR(op->name));
	record_clear(&op->record);
}
