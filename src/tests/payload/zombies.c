/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An init that does not reap: three processes whose sessions have lost their leaders have ended
 * with status 7. It reaps them on SIGUSR1, and writes "PID STATUS" of each to /reaped.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 3

static volatile sig_atomic_t reap;

static void on_signal(int sig)
{
	(void)sig;
	reap = 1;
}

/* Returns when the member of the session has ended. */
static void make_one(void)
{
	int ends[2];
	char c;
	pid_t leader;

	if (pipe(ends) < 0 || (leader = fork()) < 0)
		exit(1);
	if (leader == 0) {
		if (setsid() < 0)
			_exit(1);
		if (fork() == 0)
			_exit(7);
		_exit(0);
	}
	close(ends[1]);
	if (waitpid(leader, NULL, 0) < 0 || read(ends[0], &c, 1) != 0)
		exit(1);
	close(ends[0]);
}

int main(void)
{
	const struct sigaction action = {.sa_handler = on_signal};
	sigset_t usual, blocked;
	FILE *f;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &usual);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < N; i++)
		make_one();
	close(open("/ready", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	while (!reap)
		sigsuspend(&usual);
	f = fopen("/reaping", "we");
	for (int i = 0, status; f && i < N; i++) {
		pid_t pid = wait(&status);

		fprintf(f, "%d %d\n", (int)pid, WEXITSTATUS(status));
	}
	if (!f || fclose(f) != 0 || rename("/reaping", "/reaped") < 0)
		return 1;
	for (;;)
		pause();
}
