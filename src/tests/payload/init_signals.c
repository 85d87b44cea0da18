/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An init that says what signals it gets: init_signals FILE HALT STOP REBOOT. Each is a
 * line "NUMBER" in FILE. After HALT and STOP it exits with that number, REBOOT has the
 * kernel restart the container. It begins with "pdeath NUMBER", and says that again
 * after SIGUSR1.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <unistd.h>

static int file;

static void say_pdeath(void)
{
	int sig = -1;

	prctl(PR_GET_PDEATHSIG, &sig);
	dprintf(file, "pdeath %d\n", sig);
}

int main(int argc, char **argv)
{
	int halt, stop, restart, sig;
	sigset_t all;

	if (argc != 5)
		return 2;
	halt = atoi(argv[2]);
	stop = atoi(argv[3]);
	restart = atoi(argv[4]);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0)
		return 3;
	say_pdeath();
	while (sigwait(&all, &sig) == 0) {
		dprintf(file, "%d\n", sig);
		if (sig == SIGUSR1)
			say_pdeath();
		if (sig == halt || sig == stop)
			return sig;
		if (sig == restart)
			reboot(RB_AUTOBOOT);
	}
	return 4;
}
