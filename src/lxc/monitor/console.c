/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Moves bytes between the container's terminals and their clients, the log and the buffer. Runs in
 * the monitor, which treats all of them as bytes; nobody can make it wait.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

/* How many reads and writes one event gets, so that a chatty container leaves time for clients. */
#define ROUNDS 8
/* A dead container leaves less than this: ptys hold about 64 KiB. */
#define DRAIN_ROUNDS 64
/* At the end, waiting blocks nothing else, so a slow reader gets the last output too. */
#define DRAIN_PATIENCE_MS 1000
/* How often to look for a changed window size: often enough for a person. */
#define PROXY_LOOK_MS	   200
#define FOREGROUND_LOOK_MS 1000

static bool held(const struct inflow *in)
{
	return in->source.fd >= 0 && (in->len > 0 || in->unpollable);
}

void inflow_rearm(struct monitor *m, struct inflow *in)
{
	struct console *con = &m->console;
	bool waiting = held(&con->proxy) || held(&con->foreground);

	if (in->source.fd >= 0 && !in->unpollable)
		source_want(m, &in->source, in->len ? 0 : EPOLLIN);
	if (con->master.fd >= 0)
		source_want(m, &con->master, EPOLLIN | (waiting ? EPOLLOUT : 0));
}

static void inflow_end(struct monitor *m, struct inflow *in)
{
	source_close(m, &in->source);
	in->len = 0;
	inflow_rearm(m, in);
}

/*
 * Moves bytes from a peer to the container. If the console takes no more, the rest is held, and the
 * peer is not read meanwhile; the event loop goes on.
 */
void inflow_pump(struct monitor *m, struct inflow *in)
{
	for (int i = 0; i < ROUNDS && in->source.fd >= 0; i++) {
		ssize_t n;

		if (in->len == 0) {
			n = read(in->source.fd, in->buf, sizeof(in->buf));
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				break;
			if (n < 0 && in == &m->console.foreground && foreground_pause(m))
				return;
			if (n <= 0) {
				inflow_end(m, in);
				return;
			}
			in->off = 0;
			in->len = (size_t)n;
		}
		n = m->console.master.fd < 0
			    ? (ssize_t)in->len
			    : write(m->console.master.fd, in->buf + in->off, in->len);
		if (n == 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
			break;
		if (n < 0)
			n = (ssize_t)in->len;
		in->off += (size_t)n;
		in->len -= (size_t)n;
	}
	inflow_rearm(m, in);
}

/* A client resizes its pty, and only a look at the pty shows that. */
static void proxy_look(struct monitor *m)
{
	struct console *con = &m->console;
	struct winsize size;

	if (con->proxy.source.fd >= 0 && ioctl(con->proxy.source.fd, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row && size.ws_col && memcmp(&size, &con->proxy_size, sizeof(size)) != 0) {
		con->proxy_size = size;
		ioctl(m->setup.console.master, TIOCSWINSZ, &size);
	}
}

int console_next_timeout(struct monitor *m)
{
	struct console *con = &m->console;

	if (con->proxy.source.fd >= 0)
		return PROXY_LOOK_MS;
	return con->paused || con->unsignalled ? FOREGROUND_LOOK_MS : -1;
}

void console_look(struct monitor *m)
{
	proxy_look(m);
	foreground_look(m);
}

static void proxy_pump(struct monitor *m)
{
	/* pass on the new size before the input that was typed at that size */
	proxy_look(m);
	inflow_pump(m, &m->console.proxy);
}

static void proxy_ready(struct monitor *m, struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	proxy_pump(m);
}

static int raw_mode(int fd)
{
	struct termios tios;

	if (tcgetattr(fd, &tios) < 0)
		return -errno;
	cfmakeraw(&tios);
	tios.c_iflag |= IGNPAR;
	return tcsetattr(fd, TCSANOW, &tios) < 0 ? -errno : 0;
}

/*
 * The client gets the master of a pty of its own, in the host's devpts. With the console's master
 * it would take the output away from all others.
 */
static int proxy_open(struct monitor *m)
{
	struct console *con = &m->console;
	_cleanup_close_ int master = -1, slave = -1;
	int r;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || unlockpt(master) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (slave < 0)
		return -errno;
	r = raw_mode(slave);
	if (r < 0)
		return r;
	r = source_add(m, &con->proxy.source, slave, EPOLLIN, proxy_ready);
	if (r < 0)
		return r;
	TAKE_FD(slave);
	con->proxy_master = TAKE_FD(master);
	con->proxy_size = (struct winsize){0};
	return 0;
}

static void proxy_close(struct monitor *m)
{
	inflow_end(m, &m->console.proxy);
	fd_close(&m->console.proxy_master);
}

/*
 * Sends the output to whoever shows it. A reader that does not read loses it: the container never
 * waits for a reader.
 */
static void console_show(struct monitor *m, const char *buf, size_t len, int patience_ms)
{
	ssize_t n;

	foreground_write(m, buf, len, patience_ms);
	if (m->console.proxy.source.fd >= 0) {
		n = write(m->console.proxy.source.fd, buf, len);
		(void)n;
	}
}

/* Some versions print an unset value as "(null)". */
static const char *option(struct monitor *m, const char *key)
{
	const char *value = monitor_config(m, key);

	return value && *value && strcmp(value, "(null)") != 0 ? value : NULL;
}

void console_init(struct monitor *m)
{
	struct console *con = &m->console;
	const char *limit = option(m, "lxc.console.size");
	const char *rotate = option(m, "lxc.console.rotate");

	ring_init(&con->scrollback, ring_size(option(m, "lxc.console.buffer.size")));
	ring_write(&con->scrollback, m->setup.scrollback, m->setup.scrollback_len);
	con->log.path = option(m, "lxc.console.logfile");
	con->log.limit = ring_size(limit);
	con->log.rotate = rotate && strcmp(rotate, "0") != 0;
	con->log.fd = -1;
}

static void console_relay(struct monitor *m, int rounds, int patience_ms)
{
	char buf[4096];

	for (int i = 0; i < rounds && m->console.master.fd >= 0; i++) {
		ssize_t n = read(m->console.master.fd, buf, sizeof(buf));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			/* A hang-up of the console means nothing for the container. */
			source_remove(m, &m->console.master);
			return;
		}
		console_show(m, buf, (size_t)n, patience_ms);
		ring_write(&m->console.scrollback, buf, (size_t)n);
		logfile_write(&m->console.log, buf, (size_t)n);
	}
}

static void master_ready(struct monitor *m, struct source *s, uint32_t events)
{
	struct console *con = &m->console;

	(void)s;
	if ((events & EPOLLOUT) && con->proxy.source.fd >= 0)
		proxy_pump(m);
	if ((events & EPOLLOUT) && con->foreground.source.fd >= 0)
		inflow_pump(m, &con->foreground);
	if (events & ~(uint32_t)EPOLLOUT)
		console_relay(m, ROUNDS, 0);
}

int console_start(struct monitor *m, struct error **reterr)
{
	int fd = m->setup.console.master, flags, r;

	if (!m->console.slots)
		m->console.slots = xcalloc(m->setup.n_ttys + 1, sizeof(*m->console.slots));
	if (fd < 0)
		return 0;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_errno(reterr, "cannot make the console non-blocking");
	logfile_open(&m->console.log);
	r = source_add(m, &m->console.master, fd, EPOLLIN, master_ready);
	if (r < 0)
		return error_set(reterr, -r, "cannot watch the console: %s", strerror(-r));
	r = foreground_start(m);
	if (r < 0)
		return error_set(reterr, -r, "cannot show the console: %s", strerror(-r));
	if (m->console.foreground.source.fd >= 0)
		inflow_rearm(m, &m->console.foreground);
	return 0;
}

void console_drain(struct monitor *m)
{
	console_relay(m, DRAIN_ROUNDS, DRAIN_PATIENCE_MS);
}

/* Clients keep their ttys, but nothing is relayed any more. */
void console_stop(struct monitor *m)
{
	source_remove(m, &m->console.master);
	foreground_stop(m);
}

void console_finish(struct monitor *m)
{
	/* a container that never ran has no last output */
	if (m->console.slots)
		logfile_finish(&m->console.log, &m->console.scrollback);
	ring_free(&m->console.scrollback);
}

static int tty_free(struct monitor *m, int tty)
{
	struct console *con = &m->console;

	if (tty >= 0)
		return (size_t)tty <= m->setup.n_ttys && !con->slots[tty].owner ? tty : -EBUSY;
	for (size_t i = 1; i <= m->setup.n_ttys; i++)
		if (!con->slots[i].owner && m->setup.ttys[i - 1].master >= 0)
			return (int)i;
	return -EBUSY;
}

/*
 * tty 0 is the console, a negative number any other. Returns the number; the console or setup still
 * owns *ret_fd.
 */
int console_attach(struct monitor *m, struct client *c, int tty, int *ret_fd)
{
	struct console *con = &m->console;
	int fd, r;

	if (c->tty >= 0)
		return -EBUSY;
	tty = tty_free(m, tty);
	if (tty < 0)
		return tty;
	if (tty == 0) {
		if (con->master.fd < 0)
			return -EBADF;
		/* as under lxc-start: the foreground terminal is the only one that types */
		if (foreground_is_terminal(m))
			return -EBUSY;
		r = proxy_open(m);
		if (r < 0)
			return r;
		fd = con->proxy_master;
	} else {
		fd = m->setup.ttys[tty - 1].master;
		if (fd < 0)
			return -EBADF;
	}
	con->slots[tty].owner = c;
	c->tty = tty;
	*ret_fd = fd;
	return tty;
}

void console_release(struct monitor *m, struct client *c)
{
	if (c->tty < 0)
		return;
	m->console.slots[c->tty].owner = NULL;
	if (c->tty == 0)
		proxy_close(m);
	c->tty = -1;
}
