/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds files open, each in a way of its own, and says so: `holdfile READY HOW=PATH...`.
 * HOW is r (to read), a (to append), w (the same, and written to), m (mapped shared and written), d
 * (deleted since), or a lock or lease: flock, flocksh, posix, posixsh, ofd, lease, leaserd.
 * "many=DIR:N": N files in DIR.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void lock_range(int fd, int cmd, short type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};

	if (fcntl(fd, cmd, &l) < 0)
		fail("fcntl");
}

static void map(int fd)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	p[0] = 'M';
}

static void many(char *what)
{
	char *colon = strchr(what, ':');
	int n = colon ? atoi(colon + 1) : 0;
	struct rlimit limit = {(rlim_t)n + 64, (rlim_t)n + 64};

	if (!colon || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("many");
	*colon = '\0';
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%d", what, i);
		if (open(path, O_RDWR | O_CREAT, 0644) < 0)
			fail(path);
	}
}

static void hold(const char *how, char *path)
{
	int flags = strcmp(how, "r") == 0 || strncmp(how, "lease", 5) == 0 ? O_RDONLY
		    : strcmp(how, "a") == 0 || strcmp(how, "w") == 0	   ? O_WRONLY | O_APPEND
									   : O_RDWR;
	int fd;

	if (strcmp(how, "many") == 0) {
		many(path);
		return;
	}
	fd = open(path, strcmp(how, "d") == 0 ? flags | O_CREAT : flags, 0644);
	if (fd < 0)
		fail(path);
	if (strcmp(how, "m") == 0)
		map(fd);
	else if (strcmp(how, "w") == 0 && write(fd, "more\n", 5) != 5)
		fail("write");
	else if (strcmp(how, "d") == 0 && unlink(path) < 0)
		fail(path);
	else if (strcmp(how, "flock") == 0 && flock(fd, LOCK_EX) < 0)
		fail("flock");
	else if (strcmp(how, "flocksh") == 0 && flock(fd, LOCK_SH) < 0)
		fail("flock");
	else if (strcmp(how, "posix") == 0)
		lock_range(fd, F_SETLK, F_WRLCK);
	else if (strcmp(how, "posixsh") == 0)
		lock_range(fd, F_SETLK, F_RDLCK);
	else if (strcmp(how, "ofd") == 0)
		lock_range(fd, F_OFD_SETLK, F_WRLCK);
	else if (strcmp(how, "lease") == 0 && fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		fail("lease");
	else if (strcmp(how, "leaserd") == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		fail("lease");
}

int main(int argc, char *argv[])
{
	FILE *ready;

	signal(SIGIO, SIG_IGN);
	for (int i = 2; i < argc; i++) {
		char *equal = strchr(argv[i], '=');

		if (!equal)
			return 2;
		*equal = '\0';
		hold(argv[i], equal + 1);
	}
	ready = fopen(argv[1], "w");
	if (!ready)
		fail(argv[1]);
	fprintf(ready, "%d\n", (int)getpid());
	fclose(ready);
	for (;;)
		pause();
}
