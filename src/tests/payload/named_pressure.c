/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs in a container and has files open whose names end as those of pressure files do.
 *
 *   named_pressure READY [regular|fifo|bound FILE|memfd|many FILE]...
 *
 * regular: /tmp/regular.pressure, which is not changed by anybody. fifo: /tmp/fifo.pressure, a
 * full FIFO, open so that a write to it waits. bound FILE: any file that is mounted under such
 * a name. memfd: one in memory. many FILE: a pressure file, 900 times. Then makes READY, and
 * waits. SIGUSR1 has it say in READY.said what became of them.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY 900

static const char text[] = "mine, and nobody else's";

static int regular = -1, fifo = -1, memory = -1;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		die(path);
	return fd;
}

static void fill(int fd)
{
	if (write(fd, text, sizeof(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		die("write");
}

static void fill_fifo(const char *path)
{
	static const char page[4096];

	if (mkfifo(path, 0600) < 0)
		die(path);
	fifo = must_open(path, O_RDWR | O_NONBLOCK);
	while (write(fifo, page, sizeof(page)) > 0)
		;
	if (fcntl(fifo, F_SETFL, 0) < 0)
		die("fcntl");
}

static const char *as_it_was(int fd)
{
	char now[sizeof(text) + 1];

	return fd < 0 || (pread(fd, now, sizeof(now), 0) == sizeof(text) &&
			  memcmp(now, text, sizeof(text)) == 0)
		       ? "whole"
		       : "changed";
}

static void say(const char *ready)
{
	char path[4096], temporary[4096];
	int bytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s.said", ready);
	snprintf(temporary, sizeof(temporary), "%s.new", ready);
	if (fifo >= 0)
		ioctl(fifo, FIONREAD, &bytes);
	f = fopen(temporary, "we");
	if (!f || fprintf(f, "%s %s %d\n", as_it_was(regular), as_it_was(memory), bytes) < 0 ||
	    fclose(f) != 0 || rename(temporary, path) != 0)
		die(path);
}

static int have(char *argv[])
{
	if (strcmp(argv[0], "regular") == 0) {
		regular = must_open("/tmp/regular.pressure", O_RDWR | O_CREAT);
		fill(regular);
	} else if (strcmp(argv[0], "fifo") == 0) {
		fill_fifo("/tmp/fifo.pressure");
	} else if (strcmp(argv[0], "memfd") == 0) {
		memory = memfd_create(".pressure", 0);
		fill(memory);
	} else if (strcmp(argv[0], "bound") == 0) {
		must_open(argv[1], O_RDWR);
		return 2;
	} else {
		for (int i = 0; i < MANY; i++)
			must_open(argv[1], O_RDWR);
		return 2;
	}
	return 1;
}

int main(int argc, char *argv[])
{
	sigset_t set;
	int sig;

	if (argc < 3)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 2; i < argc;)
		i += have(argv + i);
	close(must_open(argv[1], O_WRONLY | O_CREAT));
	for (;;)
		if (sigwait(&set, &sig) == 0)
			say(argv[1]);
}
