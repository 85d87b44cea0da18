/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Kills its 300 children as soon as it finds /go, and then itself by another thread's exit, in a
 * child of init's: what a watchdog does that sees how late it is. /ready is there when the children
 * are, /done when they are dead.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 300
#define THREADS	 50

static void make(const char *path)
{
	if (open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0)
		exit(1);
}

static void wait_for_go(void)
{
	while (access("/go", F_OK) < 0)
		;
}

static void *wait_for_the_end(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Its first thread ends all of them. */
static void sudden_end(void)
{
	pthread_t thread;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, wait_for_the_end, NULL) != 0)
			_exit(1);
	wait_for_go();
	_exit(0);
}

int main(void)
{
	pid_t children[CHILDREN];

	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] < 0)
			return 1;
		if (children[i] == 0)
			wait_for_the_end(NULL);
	}
	if (fork() == 0)
		sudden_end();
	make("/ready");
	wait_for_go();
	for (int i = CHILDREN - 1; i >= 0; i--)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	make("/done");
	pause();
	return 0;
}
