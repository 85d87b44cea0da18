/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * many still|forks|threads NUMBER FILE
 *
 * still: NUMBER processes that stand still. forks: NUMBER processes, each of which forks another
 * and ends, for ever. threads: NUMBER threads that do the same. All write a byte to FILE, if it
 * is named, now and then, so that one can see that they go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK	 (64 * 1024)
#define PAUSE_US 200

static int file = -1;
static unsigned long generation;

static void sign(void)
{
	if (file >= 0 && ++generation % 64 == 1 && pwrite(file, &generation, 1, 0) < 0)
		_exit(1);
}

static void stand_still(int number)
{
	for (int i = 0; i < number; i++)
		if (fork() == 0)
			for (;;)
				pause();
}

/* Their own parent takes the dead, and they leave others some time: the machine has more to do. */
static void fork_on(int number)
{
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < number; i++) {
		if (fork() != 0)
			continue;
		for (;;) {
			pid_t pid = fork();

			if (pid > 0)
				_exit(0);
			usleep(PAUSE_US);
			sign();
		}
	}
}

static void *thread(void *userdata);

static void begin_thread(void)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (pthread_create(&t, &attr, thread, NULL) == EAGAIN)
		usleep(1000);
}

static void *thread(void *userdata)
{
	usleep(PAUSE_US);
	sign();
	begin_thread();
	return userdata;
}

int main(int argc, char *argv[])
{
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (number <= 0)
		return 2;
	if (argc > 3)
		file = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (strcmp(argv[1], "still") == 0)
		stand_still(number);
	else if (strcmp(argv[1], "forks") == 0)
		fork_on(number);
	else
		for (int i = 0; i < number; i++)
			begin_thread();
	for (;;)
		pause();
}
