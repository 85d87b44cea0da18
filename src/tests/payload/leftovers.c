/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds deleted files of every kind open: `leftovers hold` writes /ready and stays, `leftovers
 * check` looks at what the one that holds has.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LARGE (3 * 1024 * 1024)

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static const char *const names[] = {"/small",	"/large", "/a/gone/deep",
				    "/mnt/out", "/fifo",  "/link"};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Descriptors 10 and up. */
static int place(size_t i, int fd)
{
	if (fd < 0 || dup2(fd, 10 + (int)i) < 0)
		fail(names[i]);
	close(fd);
	return 10 + (int)i;
}

static void make(size_t i)
{
	const char *name = names[i];
	int fd;

	if (strcmp(name, "/fifo") == 0) {
		if (mkfifo(name, 0600) < 0)
			fail(name);
		place(i, open(name, O_RDWR));
	} else if (strcmp(name, "/link") == 0) {
		if (symlink("/nowhere", name) < 0)
			fail(name);
		place(i, open(name, O_PATH | O_NOFOLLOW));
	} else {
		fd = place(i, open(name, O_RDWR | O_CREAT | O_EXCL, 0640));
		if (pwrite(fd, name, strlen(name), 0) < 0)
			fail(name);
		if (strcmp(name, "/large") == 0 && pwrite(fd, name, strlen(name), LARGE - 100) < 0)
			fail(name);
	}
	if (unlink(name) < 0)
		fail(name);
}

static void hold(void)
{
	FILE *ready;

	mkdir("/a", 0755);
	mkdir("/a/gone", 0755);
	for (size_t i = 0; i < N_NAMES; i++)
		make(i);
	rmdir("/a/gone");
	ready = fopen("/ready", "w");
	if (!ready || fprintf(ready, "%d\n", (int)getpid()) < 0 || fclose(ready) != 0)
		fail("/ready");
	for (;;)
		pause();
}

/* Each is there, as it was. */
static void check(pid_t pid, size_t i)
{
	const char *name = names[i];
	char path[64], found[32] = "";
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, 10 + (int)i);
	if (stat(path, &st) < 0 && strcmp(name, "/link") != 0)
		fail(path);
	if (strcmp(name, "/fifo") == 0 || strcmp(name, "/link") == 0)
		return;
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, found, strlen(name), 0) < 0 || strcmp(found, name) != 0)
		fail(path);
	if (strcmp(name, "/large") == 0 &&
	    (pread(fd, found, strlen(name), LARGE - 100) < 0 || strcmp(found, name) != 0))
		fail(path);
	close(fd);
}

int main(int argc, char *argv[])
{
	FILE *ready;
	int pid = 0;

	if (argc < 2 || strcmp(argv[1], "check") != 0)
		hold();
	ready = fopen("/ready", "r");
	if (!ready || fscanf(ready, "%d", &pid) != 1)
		fail("/ready");
	for (size_t i = 0; i < N_NAMES; i++)
		check(pid, i);
	return 0;
}
