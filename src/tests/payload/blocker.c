/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process in a state that a checkpoint can or cannot take; a mode a state.
 *
 *   blocker MODE READY     sets the state, writes its process id to the file
 *                          READY and waits to be killed
 *
 * What the mode cannot set is an error and not a mode that is skipped. The
 * children of a mode die with it. The modes are in the folder blocker, by subject, in a table each.
 */
#include <sys/sysmacros.h>

#include "blocker/blocker.h"

void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

pid_t child(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	return pid;
}

pid_t sleeping_child(void)
{
	pid_t pid = child();

	if (pid == 0)
		sleeper(NULL);
	return pid;
}

int device(mode_t type, unsigned int major_number, unsigned int minor_number, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/blocker.%u.%u", major_number, minor_number);
	unlink(path);
	CHECK(mknod(path, type | 0600, makedev(major_number, minor_number)) == 0);
	fd = open(path, flags);
	CHECK(fd >= 0);
	return fd;
}

static void set(const char *name)
{
	static const struct mode *const tables[] = {
		files_modes,   sockets_modes,	namespaces_modes, processes_modes,
		threads_modes, terminals_modes, mounts_modes,	  watches_modes,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct mode *m = tables[i]; m->name; m++)
			if (strcmp(m->name, name) == 0) {
				m->set();
				return;
			}
	fprintf(stderr, "blocker: what is %s?\n", name);
	_exit(2);
}

/* Opened first: a mode may take away what it needs. One write, so whoever waits has all of it. */
static int ready;

static void announce(void)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	CHECK(write(ready, text, (size_t)len) == len && close(ready) == 0);
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	ready = open(argv[2], O_CREAT | O_WRONLY | O_TRUNC, 0644);
	CHECK(ready >= 0);
	set(argv[1]);
	if (strcmp(argv[1], "dead-leader") == 0) {
		pthread_t t;

		CHECK(pthread_create(&t, NULL, sleeper, NULL) == 0);
		announce();
		pthread_exit(NULL);
	}
	announce();
	if (strcmp(argv[1], "waiting-for-vfork") == 0 && vfork() == 0)
		for (;;)
			pause();
	sleeper(NULL);
}
