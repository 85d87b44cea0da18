/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The terminal of a restore in the foreground: raw mode, job control and size. Runs in the
 * monitor, which then has the caller's controlling terminal.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * Reopens terminals and pipes: O_NONBLOCK on the descriptor that we got would also hold for the
 * shell and everybody else who shares it. (A regular file would lose its position that way, and
 * never blocks anyway.)
 */
static int open_nonblock(int fd, int mode)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	struct stat st;
	int again = -1;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (isatty(fd) || S_ISFIFO(st.st_mode))
		again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return again < 0 ? -errno : again;
}

/* Only our controlling terminal has a foreground process group. */
static bool in_background(struct monitor *m)
{
	pid_t job = tcgetpgrp(m->setup.foreground_in);

	return job > 0 && job != getpgrp();
}

/* In raw mode, ^C and the like are characters that go into the container. */
static void foreground_raw(struct monitor *m)
{
	struct console *con = &m->console;
	struct termios tios;

	if (tcgetattr(m->setup.foreground_in, &tios) < 0)
		return;
	con->paused = in_background(m);
	if (con->paused)
		return;
	if (!con->raw)
		con->restore = tios;
	cfmakeraw(&tios);
	con->raw = tcsetattr(m->setup.foreground_in, TCSANOW, &tios) == 0;
}

bool foreground_is_terminal(struct monitor *m)
{
	return m->console.foreground.source.fd >= 0 && isatty(m->setup.foreground_in);
}

/*
 * The kernel does not stop us for reading in the background, because we block that signal. It
 * returns EIO instead, as for a terminal that is gone.
 */
bool foreground_pause(struct monitor *m)
{
	struct console *con = &m->console;

	if (errno != EIO || !in_background(m))
		return false;
	con->paused = true;
	source_want(m, &con->foreground.source, 0);
	return true;
}

/* The shell had the terminal in the meantime, and may have given it back. */
void foreground_continue(struct monitor *m)
{
	struct console *con = &m->console;

	if (!foreground_is_terminal(m))
		return;
	foreground_raw(m);
	if (con->paused)
		return;
	inflow_rearm(m, &con->foreground);
	foreground_resize(m);
}

void foreground_look(struct monitor *m)
{
	if (m->console.paused && !in_background(m))
		foreground_continue(m);
	else if (m->console.unsignalled && foreground_is_terminal(m))
		foreground_resize(m);
	else
		m->console.unsignalled = false;
}

static void input_ready(struct monitor *m, struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	inflow_pump(m, &m->console.foreground);
}

static int input_start(struct monitor *m)
{
	struct inflow *in = &m->console.foreground;
	int fd, r;

	fd = open_nonblock(m->setup.foreground_in, O_RDONLY);
	if (fd < 0)
		return fd;
	r = source_add(m, &in->source, fd, EPOLLIN, input_ready);
	if (r == -EPERM) {
		/* Read whenever the console accepts input. */
		in->source = (struct source){.fd = fd, .ready = input_ready};
		in->unpollable = true;
		r = 0;
	}
	if (r < 0)
		close(fd);
	return r;
}

int foreground_start(struct monitor *m)
{
	int r;

	if (m->setup.foreground_out >= 0 && m->console.out < 0) {
		r = open_nonblock(m->setup.foreground_out, O_WRONLY);
		if (r < 0)
			return r;
		m->console.out = r;
	}
	if (m->setup.foreground_in >= 0 && m->console.foreground.source.fd < 0) {
		r = input_start(m);
		if (r < 0)
			return r;
		foreground_raw(m);
		m->console.unsignalled =
			foreground_is_terminal(m) && tcgetpgrp(m->setup.foreground_in) < 0;
	}
	foreground_resize(m);
	return 0;
}

static ssize_t write_some(int fd, const char *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, buf, len) : n;
}

/* SIGPIPE is blocked while the loop runs, and monitor.c does not forward our own one. */
void foreground_write(struct monitor *m, const char *buf, size_t len, int patience_ms)
{
	struct console *con = &m->console;

	while (len > 0 && con->out >= 0) {
		struct pollfd p = {.fd = con->out, .events = POLLOUT};
		ssize_t n;

		if (poll(&p, 1, patience_ms) <= 0)
			return;
		n = write_some(con->out, buf, len);
		if (n < 0 && errno == EAGAIN && patience_ms == 0)
			return;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			fd_close(&con->out);
		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		}
	}
}

/* Once for each change, because the container may have set another size since. */
void foreground_resize(struct monitor *m)
{
	struct console *con = &m->console;
	struct winsize size;

	if (m->console.master.fd < 0)
		return;
	if ((m->setup.foreground_in < 0 || ioctl(m->setup.foreground_in, TIOCGWINSZ, &size) < 0) &&
	    (m->setup.foreground_out < 0 || ioctl(m->setup.foreground_out, TIOCGWINSZ, &size) < 0))
		return;
	if (memcmp(&size, &con->peer_size, sizeof(size)) == 0)
		return;
	con->peer_size = size;
	ioctl(con->master.fd, TIOCSWINSZ, &size);
}

void foreground_stop(struct monitor *m)
{
	struct console *con = &m->console;

	source_close(m, &con->foreground.source);
	con->foreground.len = 0;
	con->foreground.unpollable = false;
	fd_close(&con->out);
	/* in the background the settings are the shell's own already */
	if (con->raw && !in_background(m))
		tcsetattr(m->setup.foreground_in, TCSANOW, &con->restore);
	con->raw = con->paused = con->unsignalled = false;
}
