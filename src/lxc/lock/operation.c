/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

#include "image/network_file.h"
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

#define CONTENT_MAX 65536

#define NICS_MAX 32

#define INIT_HEAD   "# init "
#define INIT_LINE   "\n" INIT_HEAD
#define FREEZE_HEAD "# freeze "
#define LINK_HEAD   "# link "

#define ORPHANS_MS 5000
#define GRACE_MS   1000
#define LOOK_MS	   200 /* more than it takes to write who has the lock, or to look at it */
#define TICK_MS	   20

struct holder {
	pid_t pid; /* 0: the file does not say */
	time_t since;
	char what[32];
};

/* "# 4711 1764007948 a restore" */
static struct holder read_holder(const char *path)
{
	_cleanup_free_ char *content = NULL;
	struct holder h = {0};
	char pid[16], since[32];

	if (read_file_at(AT_FDCWD, path, CONTENT_MAX, &content) <= 0 ||
	    sscanf(content, "# %15s %31s %31[a-z ]", pid, since, h.what) != 3)
		return (struct holder){.what = "another checkpoint or restore"};
	h.pid = (pid_t)strtol(pid, NULL, 10);
	h.since = (time_t)strtoll(since, NULL, 10);
	return h;
}

static bool is_dead(const struct holder *h)
{
	return h->pid > 0 && process_is_gone(h->pid);
}

static int refuse_busy(const struct operation *op, const char *name, struct error **reterr)
{
	const struct holder h = read_holder(op->path);
	_cleanup_free_ char *since = local_time_text(h.since);

	if (h.pid == 0) {
		error_refuse(reterr, EBUSY, "%s of %s is under way", h.what, name);
	} else if (is_dead(&h)) {
		error_refuse(reterr, EBUSY,
			     "%s of %s is under way since %s: its command was killed, but CRIU "
			     "still works",
			     h.what, name, since);
		error_set_hint(reterr, "wait until CRIU has ended, or see what keeps it");
		return -EBUSY;
	} else {
		error_refuse(reterr, EBUSY, "%s of %s is under way since %s (process %d)", h.what,
			     name, since, (int)h.pid);
	}
	error_set_hint(reterr, "wait until that is done");
	return -EBUSY;
}

static int heal_network(const char *content, pid_t init, const char *name, struct error **reterr)
{
	struct nic *nics = NULL;
	size_t n = 0;
	int r;

	recover_connections(init, NULL);
	recover_firewall(init);
	r = network_from_text(content, strlen(content), &nics, &n, reterr);
	if (r == 0)
		r = recover_bridges(nics, n, reterr);
	network_free(nics, n);
	if (r < 0)
		return error_wrap(
			reterr, -r,
			"an earlier checkpoint of %s was killed with its network detached, "
			"which cannot be put back",
			name);
	return 0;
}

/* Calls fn with the rest of each line that begins with head. */
static void for_each_line(const struct operation *op, const char *head,
			  void (*fn)(const char *text, void *userdata), void *userdata)
{
	_cleanup_free_ char *content = NULL;
	char *save = NULL;

	if (read_file_at(AT_FDCWD, op->path, CONTENT_MAX, &content) <= 0)
		return;
	for (char *line = strtok_r(content, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, head, strlen(head)) == 0)
			fn(line + strlen(head), userdata);
}

/* By the end of the directory's path, which may be below any mount point. */
static bool is_in_cgroup(pid_t pid, const char *directory)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	_cleanup_free_ char *text = NULL;
	const size_t len = strlen(directory);
	char *cgroup;

	if (read_file_at(AT_FDCWD, path, CONTENT_MAX, &text) <= 0 ||
	    !(cgroup = strstr(text, "0::")))
		return false;
	cgroup += strlen("0::");
	cgroup[strcspn(cgroup, "\n")] = '\0';
	for (size_t n = strlen(cgroup); n > 1; n = strlen(cgroup)) {
		if (n <= len && strcmp(directory + len - n, cgroup) == 0)
			return true;
		*strrchr(cgroup, '/') = '\0';
	}
	return false;
}

/* init: of a container that has been started since, perhaps in a cgroup of that name; 0: none. */
static void end_cgroup(const char *directory, void *userdata)
{
	const pid_t *init = userdata;

	if (*init <= 0 || !is_in_cgroup(*init, directory))
		recover_cgroup(directory);
}

/*
 * Half-made processes of a restore wait for their CRIU for ever, and a CRIU that has lost
 * its monitor late waits for them. Without a monitor they are nobody's.
 */
static void end_half_made(const struct operation *op, pid_t init)
{
	for_each_line(op, "# cgroup ", end_cgroup, &init);
}

static bool monitor_is_dead(const struct operation *op)
{
	static const char head[] = "\n# monitor ";
	_cleanup_free_ char *content = NULL;
	const char *p = NULL;

	if (read_file_at(AT_FDCWD, op->path, CONTENT_MAX, &content) > 0)
		p = strstr(content, head);
	return p && process_is_gone((pid_t)strtol(p + strlen(head), NULL, 10));
}

/*
 * Those who have lost their command, or their monitor, notice that soon and give up. If
 * not, they are ended. orphans: it is known that these are such. -EBUSY, or 0 with the lock.
 */
static int lock(const struct operation *op, bool orphans)
{
	for (int waited = 0; flock(op->fd, LOCK_EX | LOCK_NB) < 0; waited += TICK_MS) {
		const struct holder h = read_holder(op->path);

		bool passes = orphans || is_dead(&h) || (h.pid == 0 && waited < LOOK_MS);

		if (waited >= ORPHANS_MS || !passes)
			return -EBUSY;
		if (waited == GRACE_MS && monitor_is_dead(op))
			end_half_made(op, 0);
		poll(NULL, 0, TICK_MS);
	}
	return 0;
}

/* "vethAbCdEf 7": its name and number. An earlier version wrote no number: then it is not ours. */
static bool parse_link(const char *text, char ret_name[IFNAMSIZ], unsigned int *ret_number)
{
	char number[16];

	if (sscanf(text, "%15s %15[0-9]", ret_name, number) != 2)
		return false;
	*ret_number = (unsigned int)strtoul(number, NULL, 10);
	return true;
}

struct links {
	const struct operation *op;
	struct lxc_container *c; /* that runs; NULL: it does not */
	const char *name;	 /* whose number is looked for ... */
	bool has_number;	 /* ... and found */
};

static void find_number(const char *text, void *userdata)
{
	struct links *l = userdata;
	char name[IFNAMSIZ];
	unsigned int number;

	l->has_number |=
		parse_link(text, name, &number) && number > 0 && strcmp(name, l->name) == 0;
}

/* A line without a number was written before CRIU had made the link. */
static void remove_new_link(struct links *l, const char *name)
{
	l->name = name;
	l->has_number = false;
	for_each_line(l->op, LINK_HEAD, find_number, l);
	if (!l->has_number)
		link_delete_unused(name);
}

/* The host's end of one of the container's interfaces, as it runs now. */
static bool is_in_use(struct lxc_container *c, const char *link)
{
	for (int i = 0; i < NICS_MAX; i++) {
		_cleanup_free_ char *key = xasprintf("lxc.net.%d.veth.pair", i);
		_cleanup_free_ char *name = NULL;

		/* with a monitor that does not answer nothing is known */
		if (asked_config(c, key, &name, NULL) < 0 || (name && strcmp(name, link) == 0))
			return true;
	}
	return false;
}

static void remove_link(const char *text, void *userdata)
{
	struct links *l = userdata;
	char name[IFNAMSIZ];
	unsigned int number;

	if (!parse_link(text, name, &number) || (l->c && is_in_use(l->c, name)))
		return;
	if (number > 0)
		link_delete(name, number);
	else
		remove_new_link(l, name);
}

static void remove_links(const struct operation *op, struct lxc_container *running)
{
	struct links l = {.op = op, .c = running};

	for_each_line(op, LINK_HEAD, remove_link, &l);
}

static void thaw(const char *directory, void *userdata)
{
	(void)userdata;
	recover_freezer(directory);
}

/*
 * The container's init of now is the one that the file is about. Another one is another life: what
 * was detached or frozen has gone with the old one.
 */
static bool is_about(const char *content, pid_t init)
{
	const char *line = strstr(content, INIT_LINE);
	char pid[16], start[32];

	return line && sscanf(line + strlen(INIT_LINE), "%15s %31s", pid, start) == 2 &&
	       strtol(pid, NULL, 10) == init &&
	       strtoull(start, NULL, 10) == process_start_time(init);
}

/* All processes that have left something in the file are dead: mends it. */
static int heal(const struct operation *op, struct lxc_container *c, struct error **reterr)
{
	_cleanup_free_ char *content = NULL;
	const char *state;
	pid_t init = 0;
	int r;

	if (read_file_at(AT_FDCWD, op->path, CONTENT_MAX, &content) <= 0)
		return 0;
	r = asked_init_pid(c, &init, reterr);
	if (r < 0)
		return r;
	if (init > 0 && is_about(content, init)) {
		for_each_line(op, FREEZE_HEAD, thaw, NULL);
		return heal_network(content, init, c->name, reterr);
	}
	if (init > 0) {
		end_half_made(op, init);
		remove_links(op, c);
		return 0;
	}
	r = asked_state(c, &state, reterr);
	if (r == 0 && strcmp(state, "STOPPED") == 0) {
		end_half_made(op, 0);
		remove_links(op, NULL);
	}
	return 0;
}

static int open_lock(struct operation *op, const char *name, struct error **reterr)
{
	_cleanup_close_ int dir = runtime_dir_open();

	if (dir < 0)
		return error_refuse(reterr, -dir, "cannot use %s, which is to be root's alone: %s",
				    RUNTIME_DIR, strerror(-dir));
	op->fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (op->fd < 0 || fd_above_standard(&op->fd) < 0)
		return error_errno(reterr, "cannot open %s", op->path);
	if (runtime_check(op->fd) < 0)
		return error_refuse(reterr, EPERM, "others than root can write to %s", op->path);
	return 0;
}

static int take(struct lxc_container *c, struct operation *op, const char *name,
		struct error **reterr)
{
	int r = open_lock(op, name, reterr);

	if (r < 0)
		return r;
	if (lock(op, false) < 0)
		return refuse_busy(op, c->name, reterr);
	r = heal(op, c, reterr);
	return r < 0 ? r : operation_set_network(op, "", reterr);
}

int operation_begin(struct lxc_container *c, const char *place, const char *what,
		    struct operation *ret, struct error **reterr)
{
	_cleanup_free_ char *name = container_lock_name(place);
	struct operation op = {.fd = -1};
	int r;

	op.path = xasprintf(RUNTIME_DIR "/%s", name);
	op.head = xasprintf("# %d %lld %s\n", (int)getpid(), (long long)time(NULL), what);
	r = take(c, &op, name, reterr);
	if (r < 0) {
		fd_close(&op.fd);
		free(op.path);
		free(op.head);
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
	const struct operation op = {.fd = fd, .path = path};

	/* one that has just begun waits for the moment that this one is shared */
	if (fd < 0 || runtime_check(fd) < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	return refuse_busy(&op, c->name, reterr);
}

int operation_regain(struct lxc_container *c, struct operation *op, struct error **reterr)
{
	int r;

	fd_close(&op->fd);
	r = open_lock(op, op->path + strlen(RUNTIME_DIR "/"), reterr);
	if (r == 0 && lock(op, true) < 0)
		return refuse_busy(op, c->name, reterr);
	return r < 0 ? r : heal(op, c, reterr);
}

void operation_about(struct operation *op, pid_t init, const char *cgroup)
{
	_cleanup_free_ char *head = TAKE_PTR(op->head);

	/* the first line stays as it is */
	head[strcspn(head, "\n") + 1] = '\0';
	op->head = xasprintf("%s" INIT_HEAD "%d %llu\n%s%s%s", head, (int)init,
			     process_start_time(init), cgroup ? FREEZE_HEAD : "",
			     cgroup ? cgroup : "", cgroup ? "\n" : "");
}

int operation_set_network(struct operation *op, const char *network, struct error **reterr)
{
	_cleanup_free_ char *text = xasprintf("%s%s", op->head, network);
	int r = ftruncate(op->fd, 0) < 0 || lseek(op->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	if (r == 0)
		r = write_all(op->fd, text, strlen(text));
	return r < 0 ? error_set(reterr, -r, "cannot write %s: %s", op->path, strerror(-r)) : 0;
}

/* The file stays: who removed it would take the lock from under another that has just opened it. */
void operation_end(struct operation *op)
{
	if (op->fd >= 0 && ftruncate(op->fd, 0) < 0)
		(void)operation_set_network(op, "", NULL);
	operation_leave(op);
}

void operation_leave(struct operation *op)
{
	fd_close(&op->fd);
	free(TAKE_PTR(op->path));
	free(TAKE_PTR(op->head));
}
