/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Holds IPv6 sockets in a container.
 *
 *   talk6 PORT FIFO           serves TCP at [::]:PORT, and the commands of FIFO
 *   talk6 PORT FIFO nested    the same in a network namespace of its own, with a connection to
 *                             itself: as soon as somebody has given that the address fd01::1
 *
 * A client's lines are answered with a count of the connection's own. After "shut" it gets no
 * answer; after "keep" the socket stays open when the client has closed it.
 *
 * Commands: "tcp ADDRESS LINK PORT" and "udp ADDRESS LINK PORT" connect, "listen ADDRESS LINK PORT"
 * listens (LINK "-": none), each with a socket that gets the next number, from 0 on; "say N" sends
 * a line by it, "close N" closes it; "check" uses the nested connection. Each is answered by a line
 * in FIFO.answer: "ok", or what is wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 64

static struct client {
	int fd;
	unsigned int own;
	int keep;
} clients[SOCKETS_MAX];
static int n_clients, made[SOCKETS_MAX], n_made, nested[2] = {-1, -1};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in6 address_of(const char *address, const char *link, const char *port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
				 .sin6_port = htons((unsigned short)strtoul(port, NULL, 10)),
				 .sin6_scope_id = if_nametoindex(link)};

	if (inet_pton(AF_INET6, address, &a.sin6_addr) != 1)
		exit(2);
	return a;
}

static int make(const char *how, const char *address, const char *link, const char *port)
{
	int type = strcmp(how, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, one = 1, e;
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 a = address_of(address, link, port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (strcmp(how, "listen") == 0)
		e = bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -1 : listen(fd, 5);
	else
		e = connect(fd, (struct sockaddr *)&a, sizeof(a));
	made[n_made++] = fd;
	return e;
}

static void serve(int i)
{
	char line[64], answer[64];
	ssize_t n = recv(clients[i].fd, line, sizeof(line) - 1, 0);

	if (n <= 0) {
		if (!clients[i].keep) {
			close(clients[i].fd);
			clients[i] = clients[--n_clients];
		} else {
			clients[i].keep = 2;
		}
		return;
	}
	line[n] = '\0';
	if (strncmp(line, "keep", 4) == 0)
		clients[i].keep = 1;
	snprintf(answer, sizeof(answer), "%u\n", ++clients[i].own);
	if (send(clients[i].fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
		clients[i].own += 1000;
	if (strncmp(line, "shut", 4) == 0)
		shutdown(clients[i].fd, SHUT_WR);
}

static const char *check_nested(void)
{
	char c = 'x';

	if (send(nested[0], &c, 1, MSG_NOSIGNAL) != 1 || recv(nested[1], &c, 1, 0) != 1 ||
	    send(nested[1], &c, 1, MSG_NOSIGNAL) != 1 || recv(nested[0], &c, 1, 0) != 1)
		return strerror(errno);
	return "ok";
}

static const char *obey(char *line)
{
	char how[16] = "", address[64] = "", link[16] = "", port[16] = "";
	int n = sscanf(line, "%15s %63s %15s %15s", how, address, link, port), i = atoi(address);

	if (strcmp(how, "check") == 0)
		return check_nested();
	if (strcmp(how, "say") == 0)
		return send(made[i], "hello\n", 6, MSG_NOSIGNAL) == 6 ? "ok" : strerror(errno);
	if (strcmp(how, "close") == 0)
		return close(made[i]) == 0 ? "ok" : strerror(errno);
	if (n != 4)
		return "what?";
	return make(how, address, link, port) == 0 ? "ok" : strerror(errno);
}

static void command(int fd, const char *answers)
{
	char line[256];
	ssize_t n = read(fd, line, sizeof(line) - 1);
	int out = open(answers, O_WRONLY | O_CLOEXEC);

	line[n > 0 ? n : 0] = '\0';
	dprintf(out, "%s\n", obey(line));
	close(out);
}

static int listen_on(const char *address, const char *port)
{
	struct sockaddr_in6 a = address_of(address, "-", port);
	int one = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* until somebody has made the address */
	while (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		if (errno != EADDRNOTAVAIL)
			fail("bind");
		poll(NULL, 0, 20);
	}
	if (listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

static void make_nested(const char *port)
{
	struct sockaddr_in6 a = address_of("fd01::1", "-", port);
	int listener;

	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare");
	listener = listen_on("fd01::1", port);
	nested[0] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(nested[0], (struct sockaddr *)&a, sizeof(a)) < 0)
		fail("connect");
	nested[1] = accept(listener, NULL, NULL);
	close(listener);
}

int main(int argc, char *argv[])
{
	struct pollfd p[SOCKETS_MAX + 2];
	char answers[64];
	int listener, fifo;

	if (argc < 3)
		return 2;
	if (argc > 3)
		make_nested(argv[1]);
	listener = listen_on("::", argv[1]);
	snprintf(answers, sizeof(answers), "%s.answer", argv[2]);
	/* for writing too: it never ends */
	fifo = open(argv[2], O_RDWR | O_CLOEXEC);
	if (fifo < 0)
		fail(argv[2]);
	for (;;) {
		int n = n_clients;

		p[0] = (struct pollfd){.fd = listener, .events = POLLIN};
		p[1] = (struct pollfd){.fd = fifo, .events = POLLIN};
		for (int i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){.fd = clients[i].keep == 2 ? -1 : clients[i].fd,
						   .events = POLLIN};
		if (poll(p, (nfds_t)n + 2, -1) < 0 && errno != EINTR)
			return 1;
		for (int i = n - 1; i >= 0; i--)
			if (p[i + 2].revents)
				serve(i);
		if (p[0].revents)
			clients[n_clients++] = (struct client){.fd = accept(listener, NULL, NULL)};
		if (p[1].revents)
			command(fifo, answers);
	}
}
