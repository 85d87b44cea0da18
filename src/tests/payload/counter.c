/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs in a container and holds state that a restore must bring back: a count
 * in memory, a block of memory with a known pattern, open connections.
 *
 *   counter PORT [MIB]
 *
 * Clients send lines: "next" is answered with the count after adding one,
 * "own" likewise with a count that the connection has for itself, "look" with the count, "check"
 * with "ok" if the memory is as it was filled (else "damaged at OFFSET"), "touch" after writing to
 * every page.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define PAGE	    4096

static uint64_t count;
static uint64_t *memory;
static size_t words;

static uint64_t pattern(size_t i)
{
	uint64_t x = i * UINT64_C(0x9e3779b97f4a7c15) + 1;

	x ^= x >> 29;
	return x * UINT64_C(0xbf58476d1ce4e5b9);
}

static void fill(size_t mib)
{
	words = mib * 1024 * 1024 / sizeof(*memory);
	if (words == 0)
		return;
	memory = mmap(NULL, words * sizeof(*memory), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t i = 0; i < words; i++)
		memory[i] = pattern(i);
}

static void check(char *answer, size_t size)
{
	for (size_t i = 0; i < words; i++)
		if (memory[i] != pattern(i)) {
			snprintf(answer, size, "damaged at %zu\n", i * sizeof(*memory));
			return;
		}
	snprintf(answer, size, "ok\n");
}

static void touch(char *answer, size_t size)
{
	for (size_t i = 0; i < words; i += PAGE / sizeof(*memory))
		((volatile uint64_t *)memory)[i] = pattern(i);
	snprintf(answer, size, "ok\n");
}

struct client {
	int fd;
	size_t len;
	uint64_t own;
	char buf[256];
};

static void answer_line(struct client *c, const char *line)
{
	char answer[64] = "what?\n";
	size_t len;

	if (strcmp(line, "next") == 0)
		snprintf(answer, sizeof(answer), "%llu\n", (unsigned long long)++count);
	else if (strcmp(line, "own") == 0)
		snprintf(answer, sizeof(answer), "%llu\n", (unsigned long long)++c->own);
	else if (strcmp(line, "look") == 0)
		snprintf(answer, sizeof(answer), "%llu\n", (unsigned long long)count);
	else if (strcmp(line, "check") == 0)
		check(answer, sizeof(answer));
	else if (strcmp(line, "touch") == 0)
		touch(answer, sizeof(answer));
	len = strlen(answer);
	/* answers are far smaller than a socket's buffer */
	if (send(c->fd, answer, len, MSG_NOSIGNAL) != (ssize_t)len)
		shutdown(c->fd, SHUT_RDWR);
}

/* 0 when the client is gone. */
static int serve(struct client *c)
{
	ssize_t n = recv(c->fd, c->buf + c->len, sizeof(c->buf) - 1 - c->len, 0);
	char *line = c->buf, *end;

	if (n <= 0)
		return 0;
	c->len += (size_t)n;
	c->buf[c->len] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		answer_line(c, line);
		line = end + 1;
	}
	c->len = strlen(line);
	memmove(c->buf, line, c->len + 1);
	return c->len < sizeof(c->buf) - 1;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

int main(int argc, char *argv[])
{
	static struct client clients[CLIENTS_MAX];
	struct pollfd p[CLIENTS_MAX + 1];
	int n = 0, listener;

	if (argc < 2) {
		fprintf(stderr, "Usage: counter PORT [MIB]\n");
		return 2;
	}
	fill(argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
	listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
	for (;;) {
		p[0] = (struct pollfd){.fd = n < CLIENTS_MAX ? listener : -1, .events = POLLIN};
		for (int i = 0; i < n; i++)
			p[i + 1] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		if (poll(p, (nfds_t)n + 1, -1) < 0 && errno != EINTR)
			return 1;
		for (int i = n - 1; i >= 0; i--)
			if (p[i + 1].revents && !serve(&clients[i])) {
				close(clients[i].fd);
				clients[i] = clients[--n];
			}
		if (p[0].revents) {
			int fd = accept(listener, NULL, NULL);

			if (fd >= 0)
				clients[n++] = (struct client){.fd = fd};
		}
	}
}
