/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Two streams on one TCP connection, one in each direction, that never wait for an answer:
 * each byte is what its place in the stream says, and each is looked at where it arrives.
 *
 *   stream serve PORT FILE          one connection after the other
 *   stream talk ADDRESS PORT FILE   SIGTERM closes its half and reads to the end
 *   stream self PORT FILE           both, with itself, over 127.0.0.1
 *
 * FILE always holds how many bytes came and how many were sent; with "damaged AT" behind
 * it once a byte was wrong, and "closed" when the other end has closed in order. Ends with
 * 0 where every byte that came was right and the end came in order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A pause between two writes, so that the machine has time for others, too. */
#define CHUNK	 4096
#define PAUSE_MS 2

static volatile sig_atomic_t ending;

static void on_term(int sig)
{
	(void)sig;
	ending = 1;
}

struct stream {
	int fd, out;
	uint64_t came, sent, salt_in, salt_out;
	int may_send, has_come_to_end;
};

static unsigned char byte_at(uint64_t salt, uint64_t place)
{
	uint64_t x = (place / 8 + salt) * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 31;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return (unsigned char)(x >> (8 * (place % 8)));
}

static void tell(const struct stream *s, const char *more)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%llu %llu%s\n", (unsigned long long)s->came,
			 (unsigned long long)s->sent, more);

	/* longer and longer: nothing has to be cut off */
	if (pwrite(s->out, text, (size_t)n, 0) != n)
		exit(3);
}

static void receive(struct stream *s)
{
	unsigned char buf[65536];
	ssize_t n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);
	char more[64];

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		snprintf(more, sizeof(more), " lost: %s", strerror(errno));
		tell(s, more);
		exit(1);
	}
	s->has_come_to_end = n == 0;
	for (ssize_t i = 0; i < n; i++, s->came++)
		if (buf[i] != byte_at(s->salt_in, s->came)) {
			snprintf(more, sizeof(more), " damaged");
			tell(s, more);
			exit(1);
		}
	tell(s, s->has_come_to_end ? " closed" : "");
}

static void send_some(struct stream *s)
{
	unsigned char buf[CHUNK];
	ssize_t n;
	char more[64];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = byte_at(s->salt_out, s->sent + i);
	n = send(s->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		snprintf(more, sizeof(more), " lost: %s", strerror(errno));
		tell(s, more);
		exit(1);
	}
	if (n > 0)
		s->sent += (uint64_t)n;
}

static int run(int fd, const char *file, uint64_t salt_in, uint64_t salt_out)
{
	struct stream s = {.fd = fd, .salt_in = salt_in, .salt_out = salt_out, .may_send = 1};

	s.out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s.out < 0)
		return 3;
	tell(&s, "");
	while (!s.has_come_to_end) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, PAUSE_MS) > 0)
			receive(&s);
		if (s.may_send)
			send_some(&s);
		/* who sees the end answers with its own */
		if (s.may_send && (ending || s.has_come_to_end)) {
			s.may_send = 0;
			shutdown(fd, SHUT_WR);
		}
	}
	tell(&s, " closed");
	return 0;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((unsigned short)strtoul(port, NULL, 10))};

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

static int listen_on(const char *port)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0) {
		perror("listen");
		exit(3);
	}
	return fd;
}

static int talk(const char *host, const char *port, const char *file)
{
	struct sockaddr_in a = address(host, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("connect");
		return 3;
	}
	return run(fd, file, 2, 1);
}

static int serve(int listener, const char *file, int once)
{
	for (;;) {
		int r, fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		r = run(fd, file, 1, 2);
		if (once || r != 0)
			return r;
		close(fd);
	}
}

int main(int argc, char *argv[])
{
	signal(SIGTERM, on_term);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(listen_on(argv[2]), argv[3], 0);
	if (argc == 5 && strcmp(argv[1], "talk") == 0)
		return talk(argv[2], argv[3], argv[4]);
	if (argc == 4 && strcmp(argv[1], "self") == 0) {
		int listener = listen_on(argv[2]);
		char other[4096];

		snprintf(other, sizeof(other), "%s.other", argv[3]);
		if (fork() == 0)
			return serve(listener, other, 1);
		return talk("127.0.0.1", argv[2], argv[3]);
	}
	fprintf(stderr,
		"Usage: stream serve PORT FILE | talk ADDRESS PORT FILE | self PORT FILE\n");
	return 2;
}
