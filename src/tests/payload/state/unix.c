/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "state.h"

static int ends[2], listener;

static void send_text(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_DONTWAIT) != (ssize_t)strlen(text))
		complain("\"%s\" cannot be sent: %s", text, strerror(errno));
}

static void same_received(int fd, const char *wanted)
{
	char text[256] = "";

	if (recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) < 0)
		complain("\"%s\" does not come: %s", wanted, strerror(errno));
	else
		same_text("what comes", wanted, text);
}

static void nothing_comes(int fd)
{
	char text[256] = "";

	if (recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0)
		complain("\"%s\" comes, too", text);
}

static void send_all(void)
{
	send_text(ends[0], "there");
	send_text(ends[0], " and there");
	send_text(ends[1], "back");
}

static void set_stream(void)
{
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	send_all();
}

static void verify_stream(void)
{
	same_received(ends[1], "there and there");
	same_received(ends[0], "back");
	nothing_comes(ends[0]);
	send_all();
}

static void set_dgram(void)
{
	TRY(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
	send_all();
}

static void set_seqpacket(void)
{
	TRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	send_all();
}

static void verify_packets(void)
{
	same_received(ends[1], "there");
	same_received(ends[1], " and there");
	nothing_comes(ends[1]);
	same_received(ends[0], "back");
	send_all();
}

/* --- names ---------------------------------------------------------------- */

static socklen_t make_name(struct sockaddr_un *address)
{
	const char *name = this_kind->arg;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path + (*name == '@'), name + (*name == '@'),
	       strlen(name) - (*name == '@'));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

static int connect_to_name(void)
{
	struct sockaddr_un address;
	socklen_t len = make_name(&address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, len) < 0) {
		complain("connecting: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void set_named(void)
{
	struct sockaddr_un address;
	socklen_t len = make_name(&address);

	listener = TRY(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(bind(listener, (struct sockaddr *)&address, len));
	if (address.sun_path[0])
		TRY(chmod(address.sun_path, 0620));
	TRY(listen(listener, 3));
	ends[0] = connect_to_name();
	ends[1] = TRY(accept(listener, NULL, NULL));
	send_all();
}

static void same_peer(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_un address, found = {0};
	socklen_t len = make_name(&address), found_len = sizeof(found);

	if (get(fd, (struct sockaddr *)&found, &found_len) < 0)
		complain("no name: %s", strerror(errno));
	/* a path may have its zero counted */
	if (found_len < len || memcmp(&address, &found, len) != 0)
		complain("the name is \"%s\"",
			 found.sun_path[0] ? found.sun_path : found.sun_path + 1);
}

static void verify_named(void)
{
	struct sockaddr_un address;
	struct stat st = {0};
	int fd, accepted;

	make_name(&address);
	same_peer(listener, getsockname);
	verify_stream();
	fd = connect_to_name();
	if (fd < 0)
		return;
	accepted = accept(listener, NULL, NULL);
	send_text(fd, "new");
	same_received(accepted, "new");
	close(fd);
	close(accepted);
	if (!address.sun_path[0])
		return;
	stat(address.sun_path, &st);
	same("the mode", 0620, st.st_mode & 07777);
}

/* What the two ends say, which many programs log and few go by. */
static void verify_accepted_name(void)
{
	same_peer(ends[1], getsockname);
	same_peer(ends[0], getpeername);
}

static void set_unlinked(void)
{
	set_named();
	TRY(unlink(this_kind->arg));
}

static void verify_unlinked(void)
{
	same("the access to its name", -1, access(this_kind->arg, F_OK));
	verify_stream();
}

/* A connection that nobody has accepted yet. */
static bool with_data(void)
{
	return strcmp(this_kind->name, "unix-not-accepted-data") == 0;
}

static void connect_early(void)
{
	ends[0] = connect_to_name();
	if (with_data())
		send_text(ends[0], "early");
}

static void set_pending(void)
{
	set_named();
	close(ends[0]);
	close(ends[1]);
	connect_early();
}

static void verify_pending(void)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	if (poll(&p, 1, 0) != 1) {
		complain("nobody is waiting to be accepted");
		return;
	}
	ends[1] = accept(listener, NULL, NULL);
	if (!with_data())
		send_text(ends[0], "early");
	same_received(ends[1], "early");
	close(ends[0]);
	close(ends[1]);
	connect_early();
}

/* Several that send to one, and one that is connected to it. */
static void set_dgram_named(void)
{
	struct sockaddr_un address;
	socklen_t len = make_name(&address);

	listener = TRY(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	TRY(bind(listener, (struct sockaddr *)&address, len));
	for (int i = 0; i < 2; i++) {
		ends[i] = TRY(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		TRY(connect(ends[i], (struct sockaddr *)&address, len));
	}
	send_all();
}

static void verify_dgram_named(void)
{
	same_received(listener, "there");
	same_received(listener, " and there");
	same_received(listener, "back");
	send_all();
}

/* --- options and half closed ---------------------------------------------- */

static void set_shut(void)
{
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	TRY(shutdown(ends[0], SHUT_WR));
	send_text(ends[1], "back");
}

static void verify_shut(void)
{
	char byte;

	same("sending", -1, send(ends[0], "x", 1, MSG_NOSIGNAL));
	same("receiving", 0, recv(ends[1], &byte, 1, MSG_DONTWAIT));
	same_received(ends[0], "back");
	send_text(ends[1], "back");
}

static void set_closed(void)
{
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	send_text(ends[1], "last");
	close(ends[1]);
}

static void verify_closed(void)
{
	char text[8] = "";

	if (recv(ends[0], text, 4, MSG_PEEK | MSG_DONTWAIT) < 0)
		complain("it cannot be read: %s", strerror(errno));
	same_text("what its peer has left", "last", text);
	same("sending", -1, send(ends[0], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
	same("the error", EPIPE, errno);
}

static const struct {
	const char *name;
	int option, value;
} options[] = {
	{"SO_PASSCRED", SO_PASSCRED, 1}, {"SO_PASSSEC", SO_PASSSEC, 1},
	{"SO_SNDBUF", SO_SNDBUF, 50000}, {"SO_RCVBUF", SO_RCVBUF, 60000},
	{"SO_PRIORITY", SO_PRIORITY, 3}, {"SO_RCVLOWAT", SO_RCVLOWAT, 9},
};

static void set_options(void)
{
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		TRY(setsockopt(ends[0], SOL_SOCKET, options[i].option, &options[i].value,
			       sizeof(int)));
}

static void verify_options(void)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		/* of buffers the kernel tells twice the size */
		bool twice = options[i].option == SO_SNDBUF || options[i].option == SO_RCVBUF;
		int value = -1;
		socklen_t len = sizeof(value);

		getsockopt(ends[0], SOL_SOCKET, options[i].option, &value, &len);
		same(options[i].name, options[i].value * (twice ? 2 : 1), value);
	}
}

/* Who is at the other end, as a server asks. */
static void set_peer(void)
{
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static void verify_peer(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &cred, &len);
	same("the uid", (long)getuid(), (long)cred.uid);
	same("the gid", (long)getgid(), (long)cred.gid);
	same("the pid", getpid(), cred.pid);
}

/* Who listens, as a client asks: a program that listens as another user, as Postfix does. */
static pid_t listening;

static void listen_as_other(void)
{
	TRY(setegid(6));
	TRY(seteuid(33));
	TRY(listen(listener, 3));
	TRY(seteuid(0));
	TRY(setegid(0));
}

static void listen_in_child(void)
{
	listen_as_other();
	TRY(write(ends[1], "x", 1));
	for (;;)
		pause();
}

static void set_listening_user(void)
{
	const bool in_child = strcmp(this_kind->name, "unix-listening-child") == 0;
	struct sockaddr_un address;
	socklen_t len = make_name(&address);
	char byte;

	listener = TRY(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(bind(listener, (struct sockaddr *)&address, len));
	listening = getpid();
	if (!in_child) {
		listen_as_other();
		return;
	}
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	listening = start_child(listen_in_child);
	TRY(read(ends[0], &byte, 1));
}

static void verify_listening_user(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int waiting[6], n = 0, fd = connect_to_name();

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	same("the uid", 33, (long)cred.uid);
	same("the gid", 6, (long)cred.gid);
	same("the pid", listening, cred.pid);
	same("its own uid", 0, (long)geteuid());
	same("its own gid", 0, (long)getegid());
	close(fd);
	close(accept(listener, NULL, NULL));
	/* as many as listen() said can wait */
	do {
		struct sockaddr_un address;

		len = make_name(&address);
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(waiting[n], (struct sockaddr *)&address, len) < 0)
			break;
	} while (++n < 5);
	same("how many can wait", 4, n);
	for (int i = 0; i <= n && i < 5; i++)
		close(waiting[i]);
	for (int i = 0; i < n; i++)
		close(accept(listener, NULL, NULL));
}

static void send_creds(void)
{
	struct ucred cred = {getpid(), 0, 0};
	char byte[] = "x";
	struct iovec iov = {byte, 1};
	union {
		char buf[CMSG_SPACE(sizeof(cred))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_CREDENTIALS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
	TRY(sendmsg(ends[0], &msg, 0));
}

static void set_creds_in_flight(void)
{
	int one = 1;

	TRY(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
	TRY(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	send_creds();
}

static void verify_creds_in_flight(void)
{
	struct ucred cred = {0};
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		char buf[CMSG_SPACE(sizeof(cred))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};

	if (recvmsg(ends[1], &msg, MSG_DONTWAIT) != 1 || !CMSG_FIRSTHDR(&msg))
		complain("the message has no credentials");
	else
		memcpy(&cred, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(cred));
	same("the pid", getpid(), cred.pid);
	send_creds();
}

const struct kind unix_kinds[] = {
	{"unix-stream", set_stream, verify_stream, NULL},
	{"unix-dgram", set_dgram, verify_packets, NULL},
	{"unix-seqpacket", set_seqpacket, verify_packets, NULL},
	{"unix-path", set_named, verify_named, "a-path"},
	{"unix-abstract", set_named, verify_named, "@an-abstract-name"},
	{"unix-path-unlinked", set_unlinked, verify_unlinked, "a-path"},
	{"unix-not-accepted", set_pending, verify_pending, "a-path"},
	{"unix-not-accepted-data", set_pending, verify_pending, "a-path"},
	{"unix-accepted-name", set_named, verify_accepted_name, "a-path"},
	{"unix-dgram-path", set_dgram_named, verify_dgram_named, "a-path"},
	{"unix-dgram-abstract", set_dgram_named, verify_dgram_named, "@another"},
	{"unix-shut-down", set_shut, verify_shut, NULL},
	{"unix-peer-closed", set_closed, verify_closed, NULL},
	{"unix-options", set_options, verify_options, NULL},
	{"unix-peer-credentials", set_peer, verify_peer, NULL},
	{"unix-listening-user", set_listening_user, verify_listening_user, "a-path"},
	{"unix-listening-child", set_listening_user, verify_listening_user, "@listening"},
	{"unix-credentials-in-flight", set_creds_in_flight, verify_creds_in_flight, NULL},
	{0},
};
