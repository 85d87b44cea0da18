/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Something for the benchmark to save: `load PORT KIND NUMBER` makes NUMBER of a kind, listens on
 * PORT when all are there, and sleeps. Runs as root in a container.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(ok)                                                                                  \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "load: %s: %s\n", #ok, strerror(errno));                   \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static int listen_on(in_port_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_ANY)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 128) == 0);
	return fd;
}

/* Both ends are in the container. */
static void make_connections(int n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(to);
	int server = listen_on(0);

	CHECK(getsockname(server, (struct sockaddr *)&to, &len) == 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
		CHECK(accept(server, NULL, NULL) >= 0);
	}
}

static void make_files(int n)
{
	char path[64];

	CHECK(mkdir("/load", 0755) == 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/load/%d", i);
		CHECK(open(path, O_CREAT | O_RDWR, 0600) >= 0);
	}
}

static void make_mounts(int n)
{
	char path[64];

	CHECK(mkdir("/load", 0755) == 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/load/%d", i);
		CHECK(mkdir(path, 0755) == 0 && mount("load", path, "tmpfs", 0, "size=64k") == 0);
	}
}

static void make_processes(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		while (pid == 0)
			pause();
	}
}

static const struct {
	const char *name;
	void (*make)(int n);
} kinds[] = {
	{"connections", make_connections},
	{"files", make_files},
	{"mounts", make_mounts},
	{"processes", make_processes},
};

int main(int argc, char *argv[])
{
	struct rlimit files;

	if (argc != 4)
		return 2;
	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
	files.rlim_cur = files.rlim_max;
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[2], kinds[i].name) == 0)
			kinds[i].make(atoi(argv[3]));
	listen_on((in_port_t)atoi(argv[1]));
	for (;;)
		pause();
}
