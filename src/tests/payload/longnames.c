/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Has files open that are deleted, with the longest names that there can be.
 *
 *   longnames KIND LENGTH [READY]
 *
 * KIND is file, mapped, fifo, folder, program (it runs itself under such a name), linked (the
 * file has another name) or path (LENGTH is that of the path, and nothing is deleted). READY
 * gets its process id when all is there. What it has open is its descriptor 9.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define THE_FD 9

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "longnames:%d: not so: %s (%s)\n", __LINE__, #what,        \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static char name[5000];
static const char *kind;

static int is(const char *wanted)
{
	return strcmp(kind, wanted) == 0;
}

static int make(int flags)
{
	int fd = open(name, flags | O_CREAT | O_CLOEXEC, 0640);

	CHECK(fd >= 0 && write(fd, kind, strlen(kind)) == (ssize_t)strlen(kind));
	return fd;
}

/* Step by step: no call takes a path that is longer. */
static int make_path(int length)
{
	int left = length - 1;

	CHECK(chdir("/") == 0);
	for (; left > 255; left -= 201) {
		memset(name, 'd', 200);
		name[200] = '\0';
		CHECK((mkdir(name, 0755) == 0 || errno == EEXIST) && chdir(name) == 0);
	}
	memset(name, 'n', (size_t)left);
	name[left] = '\0';
	return make(O_RDWR);
}

static void run_under(const char *self)
{
	static char text[1 << 22];
	int from = open(self, O_RDONLY | O_CLOEXEC), to;
	ssize_t n = read(from, text, sizeof(text));

	CHECK(n > 0 && n < (ssize_t)sizeof(text));
	to = open(name, O_WRONLY | O_CREAT, 0755);
	CHECK(to >= 0 && write(to, text, (size_t)n) == n && close(to) == 0);
}

static int set(int length)
{
	int fd = -1;

	if (is("path"))
		return make_path(length);
	CHECK(chdir("/tmp") == 0);
	memset(name, 'n', (size_t)length);
	if (is("folder")) {
		CHECK(mkdir(name, 0750) == 0);
		fd = open(name, O_RDONLY | O_DIRECTORY);
		CHECK(fd >= 0 && rmdir(name) == 0);
	} else if (is("fifo")) {
		CHECK(mkfifo(name, 0640) == 0);
		fd = open(name, O_RDWR);
		CHECK(fd >= 0 && write(fd, kind, strlen(kind)) > 0 && unlink(name) == 0);
	} else {
		fd = make(O_RDWR);
		if (is("mapped"))
			CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
		if (is("linked"))
			CHECK(link(name, "linked") == 0);
		CHECK(unlink(name) == 0);
	}
	return fd;
}

int main(int argc, char **argv)
{
	FILE *ready;
	int fd;

	if (argc < 4)
		return 2;
	kind = argv[1];
	if (is("program") && argc == 4) {
		CHECK(chdir("/tmp") == 0);
		memset(name, 'n', (size_t)atoi(argv[2]));
		run_under("/proc/self/exe");
		execl(name, name, kind, argv[2], argv[3], "again", (char *)NULL);
		CHECK(0);
	}
	if (is("program"))
		CHECK(unlink(argv[0]) == 0);
	fd = is("program") ? open("/proc/self/exe", O_RDONLY) : set(atoi(argv[2]));
	CHECK(fd >= 0 && dup2(fd, THE_FD) == THE_FD && close(fd) == 0);
	CHECK(chdir("/") == 0);
	setsid();
	ready = fopen(argv[3], "w");
	CHECK(ready && fprintf(ready, "%d\n", getpid()) > 0 && fclose(ready) == 0);
	for (;;)
		pause();
}
