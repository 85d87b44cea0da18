/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Holds a TCP connection with itself over 127.0.0.1, and sends, receives and verifies what it is
 * told to.
 *
 *   partly PORT FIFO
 *
 * Commands: "send N" sends N bytes to PORT, "back N" sends N bytes from there, "has N" waits until
 * N bytes can be received at PORT, "take N" receives and verifies N bytes there. Each is answered
 * by a line in FIFO.answer: "ok", or what is wrong. Each byte says its place in the stream.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 10000

static int client, server;

static unsigned char byte_at(size_t place)
{
	return (unsigned char)(place * 31 + place / 251);
}

static const char *send_some(int fd, size_t n)
{
	static size_t sent;

	for (; n > 0; n--) {
		unsigned char c = fd == client ? byte_at(sent++) : 0;

		/* one segment, which is sent when it is whole */
		if (send(fd, &c, 1, MSG_DONTWAIT | (n > 1 ? MSG_MORE : 0)) != 1)
			return strerror(errno);
	}
	return "ok";
}

static const char *has(int n)
{
	int waiting = 0;

	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (ioctl(server, FIONREAD, &waiting) == 0 && waiting == n)
			return "ok";
		usleep(1000);
	}
	return "it does not have them";
}

static const char *take(size_t n)
{
	static size_t came;

	for (; n > 0; n--) {
		unsigned char c;

		if (recv(server, &c, 1, 0) != 1)
			return strerror(errno);
		if (c != byte_at(came++))
			return "damaged";
	}
	return "ok";
}

static const char *obey(const char *line)
{
	char word[16];
	int n;

	if (sscanf(line, "%15s %d", word, &n) != 2 || n < 0)
		return "what?";
	if (strcmp(word, "send") == 0)
		return send_some(client, (size_t)n);
	if (strcmp(word, "back") == 0)
		return send_some(server, (size_t)n);
	if (strcmp(word, "has") == 0)
		return has(n);
	return strcmp(word, "take") == 0 ? take((size_t)n) : "what?";
}

static void begin(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons((unsigned short)strtoul(port, NULL, 10))};
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 1) < 0 ||
	    connect(client, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (server = accept(listener, NULL, NULL)) < 0) {
		perror("connection");
		exit(1);
	}
	close(listener);
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int main(int argc, char *argv[])
{
	char line[64], name[256];

	if (argc != 3)
		return 2;
	begin(argv[1]);
	snprintf(name, sizeof(name), "%s.answer", argv[2]);
	for (;;) {
		FILE *in = fopen(argv[2], "re"), *out;

		if (!in || !fgets(line, sizeof(line), in))
			strcpy(line, "?");
		if (in)
			fclose(in);
		out = fopen(name, "we");
		if (!out)
			return 1;
		fprintf(out, "%s\n", obey(line));
		fclose(out);
	}
}
