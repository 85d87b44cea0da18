/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The other end of counter, outside of the container: one connection, held for
 * as long as this runs.
 *
 *   client ADDRESS PORT ask WORD         one question on a new connection
 *   client ADDRESS PORT silent FILE      asks "look", waits until FILE exists, asks again
 *   client ADDRESS PORT count FILE       asks "next" without end and checks that
 *                                        each answer is one more than the last;
 *                                        FILE always holds the last one. SIGTERM
 *                                        ends it with 0, anything wrong with 1.
 *   client ADDRESS PORT own FILE         the same with a count of this connection's
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((unsigned short)strtoul(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("connect");
		exit(1);
	}
	return fd;
}

/* One answer line without its newline; exits when the connection is lost. */
static void ask(int fd, const char *word, char *answer, size_t size)
{
	char line[64];
	size_t len = 0;

	snprintf(line, sizeof(line), "%s\n", word);
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		perror("send");
		exit(1);
	}
	while (len == 0 || answer[len - 1] != '\n') {
		ssize_t n = recv(fd, answer + len, size - 1 - len, 0);

		if (n <= 0) {
			if (n < 0)
				perror("recv");
			else
				fprintf(stderr, "the connection was closed\n");
			exit(1);
		}
		len += (size_t)n;
	}
	answer[len - 1] = '\0';
}

static int stay_silent(int fd, const char *file)
{
	char answer[128];

	ask(fd, "look", answer, sizeof(answer));
	printf("%s\n", answer);
	fflush(stdout);
	while (access(file, F_OK) < 0)
		poll(NULL, 0, 10);
	ask(fd, "look", answer, sizeof(answer));
	printf("%s\n", answer);
	return 0;
}

static int keep_counting(int fd, const char *word, const char *file)
{
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsigned long long last = 0;
	char answer[128];

	/* signal() restarts a recv(): an answer on its way is still read */
	signal(SIGTERM, on_term);
	while (!stop) {
		unsigned long long n;

		ask(fd, word, answer, sizeof(answer));
		n = strtoull(answer, NULL, 10);
		if (last && n != last + 1) {
			fprintf(stderr, "after %llu came %s\n", last, answer);
			return 1;
		}
		last = n;
		/* always as long: a checkpoint of an earlier time fits to its size */
		dprintf(out, "%-20llu\n", n);
		if (lseek(out, 0, SEEK_SET) < 0)
			return 1;
		/* a thousand a second are plenty, and leave the machine to others */
		poll(NULL, 0, 1);
	}
	printf("%llu\n", last);
	return 0;
}

int main(int argc, char *argv[])
{
	char answer[128];
	int fd;

	if (argc != 5 || (strcmp(argv[3], "ask") != 0 && strcmp(argv[3], "count") != 0 &&
			  strcmp(argv[3], "own") != 0 && strcmp(argv[3], "silent") != 0)) {
		fprintf(stderr, "Usage: client ADDRESS PORT ask WORD | count FILE | own FILE | "
				"silent FILE\n");
		return 2;
	}
	fd = connect_to(argv[1], argv[2]);
	if (strcmp(argv[3], "count") == 0)
		return keep_counting(fd, "next", argv[4]);
	if (strcmp(argv[3], "own") == 0)
		return keep_counting(fd, "own", argv[4]);
	if (strcmp(argv[3], "silent") == 0)
		return stay_silent(fd, argv[4]);
	ask(fd, argv[4], answer, sizeof(answer));
	printf("%s\n", answer);
	return 0;
}
