/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The event loop of a restored container's monitor: signals, init's exit, and the monitor's life
 * from socket to last connection. Runs in the monitor, as root, in the host's namespaces; one
 * thread.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

#define EVENTS_PER_ROUND 64

/* ---- sources ---- */

int source_want(struct monitor *m, struct source *s, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};
	int op;

	if (events == s->events)
		return 0;
	op = events == 0 ? EPOLL_CTL_DEL : s->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	if (epoll_ctl(m->epoll_fd, op, s->fd, &ev) < 0)
		return -errno;
	s->events = events;
	return 0;
}

int source_add(struct monitor *m, struct source *s, int fd, uint32_t events, source_ready *ready)
{
	int r;

	*s = (struct source){.fd = fd, .ready = ready};
	r = source_want(m, s, events);
	if (r < 0)
		s->fd = -1;
	return r;
}

void source_remove(struct monitor *m, struct source *s)
{
	if (s->fd < 0)
		return;
	source_want(m, s, 0);
	s->fd = -1;
	s->events = 0;
}

void source_close(struct monitor *m, struct source *s)
{
	int fd = s->fd;

	source_remove(m, s);
	fd_close(&fd);
}

/* ---- init and signals ---- */

static void check_init(struct monitor *m)
{
	siginfo_t info = {0};

	/* A failure (init is no longer a child) shows when it is reaped. */
	if (waitid(P_PIDFD, (id_t)m->setup.init_pidfd, &info, WEXITED | WNOWAIT | WNOHANG) < 0 ||
	    info.si_pid != 0)
		m->init_dead = true;
}

static void init_ready(struct monitor *m, struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	m->init_dead = true;
}

enum signal_action { FORWARD, AS_SIGTERM, CHECK_INIT, CONTINUE, RESIZE };

static const enum signal_action signal_actions[SIGSYS + 1] = {
	[SIGHUP] = AS_SIGTERM, /* the terminal is gone: stop the container properly */
	[SIGCHLD] = CHECK_INIT,
	[SIGCONT] = CONTINUE,
	[SIGWINCH] = RESIZE, /* only with a terminal in the foreground */
};

static void signal_handle(struct monitor *m, const struct signalfd_siginfo *si)
{
	int sig = (int)si->ssi_signo;
	enum signal_action action = sig <= SIGSYS ? signal_actions[sig] : FORWARD;

	/* The kernel's SIGPIPE for one of our writes: nobody asked for it. */
	if (si->ssi_pid == (uint32_t)getpid())
		return;
	switch (action) {
	case FORWARD:
		pidfd_send_signal(m->setup.init_pidfd, sig, NULL, 0);
		break;
	case AS_SIGTERM:
		pidfd_send_signal(m->setup.init_pidfd, SIGTERM, NULL, 0);
		break;
	case CHECK_INIT:
		break;
	case CONTINUE:
		pidfd_send_signal(m->setup.init_pidfd, sig, NULL, 0);
		foreground_continue(m);
		break;
	case RESIZE:
		foreground_resize(m);
		break;
	}
	check_init(m);
}

static void signals_ready(struct monitor *m, struct source *s, uint32_t events)
{
	struct signalfd_siginfo si;

	(void)events;
	while (read(s->fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		signal_handle(m, &si);
}

static int signals_start(struct monitor *m, struct error **reterr)
{
	_cleanup_close_ int fd = -1;
	sigset_t mask;
	int r;

	/* These signals are faults of our own. */
	sigfillset(&mask);
	sigdelset(&mask, SIGBUS);
	sigdelset(&mask, SIGILL);
	sigdelset(&mask, SIGSEGV);
	if (m->setup.foreground_in < 0 && m->setup.foreground_out < 0)
		sigdelset(&mask, SIGWINCH);
	r = pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (r > 0)
		return error_set(reterr, r, "cannot block signals: %s", strerror(r));
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_errno(reterr, "cannot take signals");
	r = source_add(m, &m->signals, fd, EPOLLIN, signals_ready);
	if (r < 0)
		return error_set(reterr, -r, "cannot watch signals: %s", strerror(-r));
	TAKE_FD(fd);
	return 0;
}

const char *monitor_config(const struct monitor *m, const char *key)
{
	for (size_t i = 0; i < m->setup.n_config; i++)
		if (strcmp(m->setup.config[i].key, key) == 0)
			return m->setup.config[i].value;
	return NULL;
}

/* ---- the loop ---- */

static int loop_start(struct monitor *m, struct error **reterr)
{
	int r;

	r = signals_start(m, reterr);
	if (r < 0)
		return r;
	r = source_add(m, &m->init, m->setup.init_pidfd, EPOLLIN, init_ready);
	if (r < 0)
		return error_set(reterr, -r, "cannot watch init: %s", strerror(-r));
	return console_start(m, reterr);
}

static void loop_stop(struct monitor *m)
{
	source_remove(m, &m->listener);
	m->accept_paused = false;
	console_stop(m);
	source_remove(m, &m->watched);
	source_remove(m, &m->init);
	source_close(m, &m->signals);
}

/* The shorter of two timeouts; -1 is none. */
static int earlier(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int loop_round(struct monitor *m, int timeout_ms, struct error **reterr)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int n;

	n = epoll_wait(m->epoll_fd, events, EVENTS_PER_ROUND, timeout_ms);
	if (n < 0 && errno != EINTR)
		return error_errno(reterr, "cannot wait for events");
	for (int i = 0; i < n; i++) {
		struct source *s = events[i].data.ptr;

		/* An earlier event of this round may have removed it. */
		if (s->fd >= 0 && s->events)
			s->ready(m, s, events[i].events);
	}
	cgroup_check_waiting(m);
	console_look(m);
	clients_bury(m);
	return 0;
}

int monitor_fd(const struct monitor *m)
{
	return m->epoll_fd;
}

void monitor_turn(struct monitor *m)
{
	loop_round(m, 0, NULL);
}

static void watched_ready(struct monitor *m, struct source *s, uint32_t events)
{
	(void)m;
	(void)s;
	(void)events;
}

int monitor_watch(struct monitor *m, int fd)
{
	source_remove(m, &m->watched);
	/* its end is reported once too, and nobody needs to remove it for that */
	return fd < 0 ? 0 : source_add(m, &m->watched, fd, EPOLLIN | EPOLLET, watched_ready);
}

bool monitor_stop_wanted(const struct monitor *m)
{
	return m->stop_wanted;
}

void monitor_update(struct monitor *m, const struct monitor_setup *setup)
{
	m->setup = *setup;
}

static int reap_init(struct monitor *m, int *ret_status, struct error **reterr)
{
	int status;

	while (waitpid(m->setup.init_pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(reterr, "cannot reap init (%d)", m->setup.init_pid);
	*ret_status = status;
	return 0;
}

int monitor_run(struct monitor *m, int *ret_status, struct error **reterr)
{
	int r;

	if (m->setup.init_pid <= 0 || m->setup.init_pidfd < 0)
		return error_set(reterr, EINVAL, "a monitor needs its init's pidfd");
	r = loop_start(m, reterr);
	if (r == 0)
		clients_release_held(m);
	while (r == 0 && !m->init_dead)
		r = loop_round(m, earlier(cgroup_next_timeout(m), console_next_timeout(m)), reterr);
	if (r == 0)
		console_drain(m);
	loop_stop(m);
	return r < 0 ? r : reap_init(m, ret_status, reterr);
}

/* ---- life of the monitor ---- */

int monitor_new(const struct monitor_setup *setup, struct monitor **ret, struct error **reterr)
{
	struct monitor *m;
	int flags, r = 0;

	flags = fcntl(setup->listen_fd, F_GETFL);
	if (flags < 0 || fcntl(setup->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_errno(reterr, "cannot use the command socket");

	m = xcalloc(1, sizeof(*m));
	m->setup = *setup;
	m->state = STATE_STARTING;
	m->listener.fd = m->signals.fd = m->init.fd = m->accept_again.fd = m->reserve = -1;
	m->watched.fd = -1;
	m->freeze.source.fd = -1;
	m->console.master.fd = m->console.proxy.source.fd = m->console.foreground.source.fd = -1;
	m->console.proxy_master = m->console.out = -1;
	console_init(m);
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll_fd < 0)
		r = error_errno(reterr, "cannot make an event loop");
	else if (clients_start(m) < 0)
		r = error_errno(reterr, "cannot watch the command socket");
	if (r < 0) {
		monitor_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

/*
 * From now on nobody may find the container: neither a socket that accepts connections nor its name
 * in /proc/net/unix. The descriptor stays open for its owner, as something that refuses
 * connections.
 */
static void refuse_connections(struct monitor *m)
{
	int fd;

	m->listener_closed = true;
	source_remove(m, &m->listener);
	shutdown(m->setup.listen_fd, SHUT_RDWR);
	/* Clients that connected too late would otherwise wait until that owner closes it. */
	while ((fd = accept4(m->setup.listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
	dup3(m->epoll_fd, m->setup.listen_fd, O_CLOEXEC);
}

void monitor_close_listener(struct monitor *m)
{
	if (m->listener_closed)
		return;
	refuse_connections(m);
	monitor_set_state(m, STATE_STOPPED);
}

void monitor_pause(struct monitor *m)
{
	monitor_set_state(m, STATE_STOPPED);
	refuse_connections(m);
	clients_close_but_patient(m);
}

void monitor_resumed(struct monitor *m)
{
	state_serve(m, STATE_RUNNING);
	clients_bury(m);
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	loop_stop(m);
	console_finish(m);
	clients_close_all(m);
	source_close(m, &m->freeze.source);
	clients_stop(m);
	fd_close(&m->epoll_fd);
	free(m->console.slots);
	free(m);
}
