/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Connections to the command socket: accepts them, reads requests, checks credentials, sends
 * answers. Runs in the monitor, as root; anybody on the host may connect, so one client's error
 * closes only that client.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

/* One accept() event takes at most this many connections, then the existing clients have a turn. */
#define ACCEPT_BATCH 64

/* The delay of the next accept() after a failure; it doubles each time. */
#define PAUSE_MIN_MS 10
#define PAUSE_MAX_MS 1000

static void read_header(struct monitor *m, struct client *c);
static void read_payload(struct monitor *m, struct client *c);
static void read_drain(struct monitor *m, struct client *c);
static void send_out(struct monitor *m, struct client *c);

/* The events that a connection waits for in each phase, and the handler. */
static const struct {
	uint32_t events;
	void (*step)(struct monitor *m, struct client *c);
} phases[] = {
	[PHASE_HEADER] = {EPOLLIN, read_header},   [PHASE_PAYLOAD] = {EPOLLIN, read_payload},
	[PHASE_SEND] = {EPOLLOUT, send_out},	   [PHASE_WAIT] = {EPOLLRDHUP, client_close},
	[PHASE_HELD] = {EPOLLRDHUP, client_close}, [PHASE_DRAIN] = {EPOLLIN, read_drain},
};

static void client_ready(struct monitor *m, struct source *s, uint32_t events)
{
	struct client *c = container_of(s, struct client, source);

	(void)events;
	phases[c->phase].step(m, c);
}

static void client_enter(struct monitor *m, struct client *c, enum client_phase phase)
{
	if (c->phase == PHASE_WAIT && phase != PHASE_WAIT)
		cgroup_wait_over(m);
	c->phase = phase;
	if (phase != PHASE_CLOSED && source_want(m, &c->source, phases[phase].events) < 0)
		client_close(m, c);
}

static void set_timer(const struct monitor *m, unsigned int ms)
{
	const struct itimerspec when = {
		.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L},
	};

	timerfd_settime(m->accept_again.fd, 0, &when, NULL);
}

/*
 * Nothing announces that the host has memory or descriptors again, so a timer tries. It is in the
 * epoll set like everything else, because others wait for that set during a restore.
 */
static void accept_pause(struct monitor *m)
{
	m->accept_paused = source_want(m, &m->listener, 0) == 0;
	m->accept_pause_ms = m->accept_pause_ms ? m->accept_pause_ms * 2 : PAUSE_MIN_MS;
	if (m->accept_pause_ms > PAUSE_MAX_MS)
		m->accept_pause_ms = PAUSE_MAX_MS;
	set_timer(m, m->accept_pause_ms);
}

static void reserve_again(struct monitor *m)
{
	if (m->reserve < 0)
		m->reserve = fcntl(m->epoll_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static void accept_resume(struct monitor *m)
{
	if (!m->accept_paused)
		return;
	if (source_want(m, &m->listener, EPOLLIN) == 0)
		m->accept_paused = false;
	else
		accept_pause(m);
}

static void accept_again(struct monitor *m, struct source *s, uint32_t events)
{
	uint64_t times;

	(void)events;
	if (read(s->fd, &times, sizeof(times)) < 0)
		return;
	reserve_again(m);
	accept_resume(m);
}

int clients_start(struct monitor *m)
{
	int r, fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	r = source_add(m, &m->accept_again, fd, EPOLLIN, accept_again);
	if (r < 0)
		fd_close(&fd);
	reserve_again(m);
	return r < 0 ? r : source_add(m, &m->listener, m->setup.listen_fd, EPOLLIN, clients_accept);
}

void clients_stop(struct monitor *m)
{
	source_close(m, &m->accept_again);
	fd_close(&m->reserve);
}

void client_close(struct monitor *m, struct client *c)
{
	if (c->phase == PHASE_CLOSED)
		return;
	client_enter(m, c, PHASE_CLOSED);
	source_close(m, &c->source);
	console_release(m, c);
	c->registered = false;
	fd_close(&c->out_fd);
	free(TAKE_PTR(c->payload));
	free(TAKE_PTR(c->out));

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	/* An event of this round may still point to it. */
	c->next = m->closed;
	m->closed = c;

	reserve_again(m);
	accept_resume(m);
}

void clients_bury(struct monitor *m)
{
	while (m->closed) {
		struct client *c = m->closed;

		m->closed = c->next;
		free(c);
	}
}

void clients_close_all(struct monitor *m)
{
	while (m->clients)
		client_close(m, m->clients);
	clients_bury(m);
}

void clients_close_but_patient(struct monitor *m)
{
	struct client *next;

	for (struct client *c = m->clients; c; c = next) {
		next = c->next;
		if (!c->registered || c->states[STATE_RUNNING] != STATE_NEXT_TIME)
			client_close(m, c);
	}
	clients_bury(m);
}

/*
 * If the message itself has no credentials (sent in the moment before we asked for them), those of
 * the connecting process count.
 */
static bool sender_allowed(int fd, struct msghdr *msg)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	bool found = false;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_CREDENTIALS ||
		    h->cmsg_len != CMSG_LEN(sizeof(cred)))
			continue;
		memcpy(&cred, CMSG_DATA(h), sizeof(cred));
		found = true;
	}
	if (!found && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	return credentials_allow(cred.uid, cred.gid, getuid(), getgid());
}

static void client_dispatch(struct monitor *m, struct client *c)
{
	struct reply reply = {.fd = -1};
	struct wire_response head = {0};
	_cleanup_free_ char *buf = NULL;
	enum verdict verdict;

	verdict = command_dispatch(m, c, &reply);
	if (verdict == HOLD) {
		client_enter(m, c, PHASE_HELD);
		return;
	}
	free(TAKE_PTR(c->payload));
	c->got = 0;
	switch (verdict) {
	case HOLD:
	case SILENT_CLOSE:
		client_close(m, c);
		return;
	case SILENT_KEEP:
		c->kept = true;
		client_enter(m, c, PHASE_HEADER);
		return;
	case ANSWER_LATER:
		client_enter(m, c, PHASE_WAIT);
		return;
	case ANSWER_KEEP:
		c->kept = true;
		break;
	case ANSWER:
		c->reap = true;
		break;
	}
	/* Send header and body in one piece: clients read the body with a single recv(). */
	head.ret = reply.ret;
	head.datalen = (int32_t)reply.body_len;
	head.data = reply.data;
	buf = xcalloc(1, sizeof(head) + reply.body_len);
	memcpy(buf, &head, sizeof(head));
	if (reply.body_len)
		memcpy(buf + sizeof(head), reply.body, reply.body_len);
	free(reply.heap);
	client_send(m, c, buf, sizeof(head) + reply.body_len, reply.fd);
}

/* Keeps the request with its payload. */
void clients_release_held(struct monitor *m)
{
	struct client *next;

	for (struct client *c = m->clients; c; c = next) {
		next = c->next;
		if (c->phase == PHASE_HELD)
			client_dispatch(m, c);
	}
}

void client_answer(struct monitor *m, struct client *c, int ret)
{
	struct wire_response head = {.ret = ret};

	c->reap = true;
	client_send(m, c, &head, sizeof(head), -1);
}

static void header_complete(struct monitor *m, struct client *c)
{
	c->got = 0;
	c->skipped = 0;
	if (request_parse(c->header, &c->request) < 0) {
		client_close(m, c);
		return;
	}
	if (c->refused) {
		c->drain = (size_t)c->request.datalen;
		client_answer(m, c, -EPERM);
		return;
	}
	if (c->request.datalen > 0) {
		client_enter(m, c, PHASE_PAYLOAD);
		if (c->phase == PHASE_PAYLOAD)
			read_payload(m, c);
		return;
	}
	client_dispatch(m, c);
}

static void read_header(struct monitor *m, struct client *c)
{
	/* Room only for the credentials: the kernel drops any descriptors that come along. */
	union {
		char buf[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {c->header + c->got, sizeof(c->header) - c->got};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n;

	n = recvmsg(c->source.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(m, c);
		return;
	}
	/* A header in pieces is refused if any piece is. */
	if (c->got == 0)
		c->refused = false;
	if (!sender_allowed(c->source.fd, &msg))
		c->refused = true;
	c->got += (size_t)n;
	if (c->got == sizeof(c->header))
		header_complete(m, c);
}

/*
 * The buffer grows with the data that arrives, not with the announced size, and at most to the size
 * that a command can use.
 */
static void read_payload(struct monitor *m, struct client *c)
{
	size_t left = (size_t)c->request.datalen - c->got - c->skipped;
	char buf[REQUEST_DATA_MAX];
	size_t kept;
	ssize_t n;

	n = recv(c->source.fd, buf, left < sizeof(buf) ? left : sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(m, c);
		return;
	}
	kept = REQUEST_DATA_MAX - c->got < (size_t)n ? REQUEST_DATA_MAX - c->got : (size_t)n;
	if (kept > 0) {
		c->payload = xreallocarray(c->payload, c->got + kept, 1);
		memcpy(c->payload + c->got, buf, kept);
	}
	c->got += kept;
	c->skipped += (size_t)n - kept;
	if (left == (size_t)n)
		client_dispatch(m, c);
}

/*
 * Closing with unread bytes resets the connection, and clients take a reset for "STOPPED". So the
 * rest is read although nobody needs it.
 */
static void read_drain(struct monitor *m, struct client *c)
{
	char buf[REQUEST_DATA_MAX];
	ssize_t n;

	n = recv(c->source.fd, buf, c->drain < sizeof(buf) ? c->drain : sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->drain -= (size_t)n;
	if (n <= 0 || c->drain == 0)
		client_close(m, c);
}

static void client_sent(struct monitor *m, struct client *c)
{
	free(TAKE_PTR(c->out));
	if (!c->reap) {
		client_enter(m, c, PHASE_HEADER);
	} else if (c->drain > 0) {
		shutdown(c->source.fd, SHUT_WR);
		client_enter(m, c, PHASE_DRAIN);
	} else {
		client_close(m, c);
	}
}

static void send_out(struct monitor *m, struct client *c)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {c->out, c->out_len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (c->out_fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &c->out_fd, sizeof(int));
	}
	n = sendmsg(c->source.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_close(m, c);
		return;
	}
	if (n > 0) {
		fd_close(&c->out_fd);
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (c->out_len > 0)
		client_enter(m, c, PHASE_SEND);
	else
		client_sent(m, c);
}

/* Sends a duplicate of fd with buf; the owner may close fd at any time. */
void client_send(struct monitor *m, struct client *c, const void *buf, size_t len, int fd)
{
	if (c->phase == PHASE_CLOSED)
		return;
	if (fd >= 0) {
		c->out_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (c->out_fd < 0) {
			client_close(m, c);
			return;
		}
	}
	c->out = xreallocarray(c->out, c->out_len + len, 1);
	memcpy(c->out + c->out_len, buf, len);
	c->out_len += len;
	send_out(m, c);
}

static void client_new(struct monitor *m, int fd)
{
	struct client *c = xcalloc(1, sizeof(*c));
	int on = 1;

	c->out_fd = -1;
	c->tty = -1;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    source_add(m, &c->source, fd, EPOLLIN, client_ready) < 0) {
		close(fd);
		free(c);
		return;
	}
	c->next = m->clients;
	c->link = &m->clients;
	if (c->next)
		c->next->link = &c->next;
	m->clients = c;
}

static bool has_spoken(const struct client *c)
{
	char byte;

	return recv(c->source.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/*
 * Everybody on the host may connect. If connections have used up our descriptors, the one that has
 * been silent for longest is closed, so that a client that sends its request (as tools do at once)
 * is still served.
 */
static bool evict_oldest(struct monitor *m)
{
	struct client *oldest = NULL;

	for (struct client *c = m->clients; c; c = c->next)
		if (!c->kept && c->phase != PHASE_WAIT && c->phase != PHASE_HELD && !has_spoken(c))
			oldest = c;
	if (oldest)
		client_close(m, oldest);
	return oldest != NULL;
}

/*
 * If every connection must be kept, open one more, so that a client that stops the container is
 * served.
 */
static bool give_up_reserve(struct monitor *m)
{
	bool given = m->reserve >= 0;

	fd_close(&m->reserve);
	return given;
}

static bool is_pending(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

void clients_accept(struct monitor *m, struct source *s, uint32_t events)
{
	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			m->accept_pause_ms = 0;
			client_new(m, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EAGAIN)
			return;
		if (errno == EMFILE || errno == ENFILE) {
			/*
			 * without a free descriptor it fails before it checks whether somebody
			 * waits
			 */
			if (!is_pending(s->fd))
				return;
			if (evict_oldest(m) || give_up_reserve(m))
				continue;
		}
		accept_pause(m);
		return;
	}
}
