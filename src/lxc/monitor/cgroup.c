/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Answers questions about the payload's cgroup, and freezes and thaws it. Runs in the monitor, as
 * root, through descriptors that were opened on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

int cgroup_limit_fd(const struct monitor *m)
{
	return m->setup.limit_cgroup ? m->setup.limit_cgroup_fd : m->setup.payload_cgroup_fd;
}

static bool can_freeze(struct monitor *m)
{
	return faccessat(m->setup.payload_cgroup_fd, "cgroup.freeze", F_OK, 0) == 0;
}

/*
 * Whether LXC would find this controller in the payload's hierarchy. LXC lists the controllers of
 * the cgroup from which it names all others; they need not have reached the payload. If no
 * controller is named (NULL), LXC finds a hierarchy without controllers.
 */
bool cgroup_has(struct monitor *m, const char *controller)
{
	if (m->setup.payload_cgroup_fd < 0 || !m->setup.payload_cgroup)
		return false;
	if (controller && !*controller)
		return false;
	/* Not controllers of cgroup2, but LXC's tools ask for them by their old names. */
	if (controller && strcmp(controller, "devices") == 0)
		return true;
	if (controller && strcmp(controller, "freezer") == 0)
		return can_freeze(m);
	return m->setup.controllers &&
	       cgroup_controllers_have(m->setup.controllers, controller ? controller : "");
}

uint32_t cgroup_utilities(struct monitor *m)
{
	return CGROUP_UTILITY_DEVICES | (can_freeze(m) ? CGROUP_UTILITY_FREEZER : 0);
}

int cgroup_set_frozen(int cgroup_fd, bool frozen)
{
	if (cgroup_fd < 0)
		return -ENOENT;
	return write_file_at(cgroup_fd, "cgroup.freeze", frozen ? "1" : "0");
}

/* Reading from the start also arms the next notification of the file. */
static int read_frozen(int events_fd)
{
	char buf[256];
	ssize_t n;

	n = pread(events_fd, buf, sizeof(buf) - 1, 0);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return cgroup_events_frozen(buf);
}

static void events_ready(struct monitor *m, struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	cgroup_check_waiting(m);
}

static int watch_open(struct monitor *m)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (m->freeze.source.fd >= 0)
		return 0;
	fd = openat(m->setup.payload_cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = source_add(m, &m->freeze.source, fd, EPOLLPRI, events_ready);
	if (r < 0)
		return r;
	TAKE_FD(fd);
	return 0;
}

static void watch_close_unused(struct monitor *m)
{
	if (m->freeze.waiting == 0)
		source_close(m, &m->freeze.source);
}

/*
 * LXC's monitor sleeps until the cgroup is frozen, and keeps all clients waiting. Here only this
 * client waits. Returns 1: it is frozen already, 0: c gets its answer later.
 */
int cgroup_wait_frozen(struct monitor *m, struct client *c, bool frozen, int timeout_ms)
{
	int r;

	if (timeout_ms == 0)
		return 1;
	r = watch_open(m);
	if (r < 0)
		return r;
	r = read_frozen(m->freeze.source.fd);
	if (r < 0 || (r == 1) == frozen) {
		watch_close_unused(m);
		return r < 0 ? r : 1;
	}
	c->wants_frozen = frozen;
	c->deadline = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
	m->freeze.waiting++;
	return 0;
}

void cgroup_wait_over(struct monitor *m)
{
	m->freeze.waiting--;
	watch_close_unused(m);
}

/* The timeout for epoll_wait(): until the first waiting client has waited long enough. */
int cgroup_next_timeout(struct monitor *m)
{
	int64_t first = -1, left;

	if (m->freeze.waiting == 0)
		return -1;
	for (struct client *c = m->clients; c; c = c->next)
		if (c->phase == PHASE_WAIT && c->deadline >= 0 &&
		    (first < 0 || c->deadline < first))
			first = c->deadline;
	if (first < 0)
		return -1;
	left = first - monotonic_ms();
	return left > 0 ? (int)left : 0;
}

void cgroup_check_waiting(struct monitor *m)
{
	struct client *next;
	int64_t now;
	int frozen;

	if (m->freeze.waiting == 0)
		return;
	frozen = read_frozen(m->freeze.source.fd);
	now = monotonic_ms();
	for (struct client *c = m->clients; c; c = next) {
		next = c->next;
		if (c->phase != PHASE_WAIT)
			continue;
		if (frozen < 0)
			client_answer(m, c, frozen);
		else if ((frozen == 1) == c->wants_frozen)
			client_answer(m, c, 0);
		else if (c->deadline >= 0 && c->deadline <= now)
			client_answer(m, c, -ETIMEDOUT);
	}
}
