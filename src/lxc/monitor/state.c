/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tells state changes to clients that wait and to lxc-monitord's FIFO. Runs in the monitor, as
 * root, on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

/* THAWED is sent to clients that wait for it, but it is never the current state. */
static const enum container_state settles_in[N_STATES] = {
	[STATE_STOPPED] = STATE_STOPPED,   [STATE_STARTING] = STATE_STARTING,
	[STATE_RUNNING] = STATE_RUNNING,   [STATE_STOPPING] = STATE_STOPPING,
	[STATE_ABORTING] = STATE_ABORTING, [STATE_FREEZING] = STATE_FREEZING,
	[STATE_FROZEN] = STATE_FROZEN,	   [STATE_THAWED] = STATE_RUNNING,
};

/* The path that LXC's tools use: root's is in /run, a user's in the user's directory. */
static char *fifo_path(const char *lxcpath)
{
	const char *dir = "/run", *home;
	struct stat st;

	if (stat(dir, &st) == 0 && (st.st_uid == geteuid() || st.st_gid == getegid()))
		return xasprintf("%s/lxc/%s/monitor-fifo", dir, lxcpath);
	dir = getenv("XDG_RUNTIME_DIR");
	if (dir)
		return xasprintf("%s/lxc/%s/monitor-fifo", dir, lxcpath);
	home = getenv("HOME");
	return xasprintf("%s/.cache/lxc/run/lxc/%s/monitor-fifo", home ? home : "", lxcpath);
}

/*
 * The reader may go away between open() and write(), and this also runs before and after
 * monitor_run(), with the caller's signals. A SIGPIPE of ours must neither kill the monitor nor
 * stay pending.
 */
static void write_no_sigpipe(int fd, const void *buf, size_t len)
{
	static const struct timespec now = {0};
	sigset_t pipe_set, old, pending;
	bool was_pending;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
	if (write(fd, buf, len) < 0 && errno == EPIPE && !was_pending)
		sigtimedwait(&pipe_set, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Only a running lxc-monitor listens, and we do not wait for a stuck reader. */
static void tell_monitord(struct monitor *m, enum message_type type, int value)
{
	_cleanup_free_ char *path = fifo_path(m->setup.lxcpath);
	_cleanup_close_ int fd = -1;
	struct wire_message msg;
	struct stat st;

	if (message_build(type, m->setup.name, value, &msg) < 0)
		return;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	write_no_sigpipe(fd, &msg, sizeof(msg));
}

/* -ENAMETOOLONG: no message can hold the container's name; nothing was done. */
int state_serve(struct monitor *m, enum container_state state)
{
	struct client *next;
	struct wire_message msg;
	int r;

	r = message_build(MESSAGE_STATE, m->setup.name, (int)state, &msg);
	if (r < 0)
		return r;
	m->state = settles_in[state];
	for (struct client *c = m->clients; c; c = next) {
		next = c->next;
		if (!c->registered || c->states[state] == 0)
			continue;
		c->registered = false;
		c->reap = true;
		client_send(m, c, &msg, sizeof(msg), -1);
	}
	return 0;
}

/* True if the state is reached already: there is nothing to wait for. */
bool state_register(struct monitor *m, struct client *c, const int32_t states[static N_STATES])
{
	if (states[m->state] == 1)
		return true;
	memcpy(c->states, states, sizeof(c->states));
	c->registered = true;
	return false;
}

void monitor_set_state(struct monitor *m, enum container_state state)
{
	/*
	 * When the socket refuses, the end of the connection means STOPPED: a message would tell
	 * lxc-stop too early that everything is done.
	 */
	if (state == STATE_STOPPED && m->listener_closed) {
		if (m->state == state)
			return;
		m->state = state;
	} else if (state_serve(m, state) < 0) {
		m->state = settles_in[state];
	}
	clients_bury(m);
	tell_monitord(m, MESSAGE_STATE, (int)state);
}

void monitor_publish_exit(struct monitor *m, int status)
{
	tell_monitord(m, MESSAGE_EXIT_CODE, status);
}
