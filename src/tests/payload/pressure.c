/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs in a container and waits for pressure as services do.
 *
 *   pressure FILE TRIGGER COUNT
 *
 * Sets the trigger on the pressure file, waits for it with epoll, and keeps the
 * number of times that it was told of it in the file COUNT. What comes with an
 * event other than what was asked for counts as well: a file that polls as an
 * error makes a count that runs away.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define DATA UINT64_C(0x1234567812345678)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void store(const char *path, unsigned long count)
{
	char temporary[4096];
	FILE *f;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "we");
	if (!f || fprintf(f, "%lu\n", count) < 0 || fclose(f) != 0 || rename(temporary, path) != 0)
		die(path);
}

int main(int argc, char *argv[])
{
	struct epoll_event event = {.events = EPOLLPRI, .data.u64 = DATA};
	int poll = epoll_create1(EPOLL_CLOEXEC);
	int file;

	if (argc != 4)
		return 2;
	file = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 || write(file, argv[2], strlen(argv[2]) + 1) < 0)
		die(argv[1]);
	if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, file, &event) < 0)
		die("epoll");
	for (unsigned long count = 0;; count++) {
		store(argv[3], count);
		while (epoll_wait(poll, &event, 1, -1) != 1)
			;
		if (event.data.u64 != DATA)
			die("data of the event");
	}
}
