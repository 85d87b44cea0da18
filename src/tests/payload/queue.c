/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs in a container with a message in a socket that nobody has taken yet, of
 * a kind that CRIU cannot save: with the time at which it came.
 *
 *   queue FILE
 *
 * SIGUSR1: takes it, and makes FILE. SIGUSR2: sends another, and removes FILE.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char *argv[])
{
	int ends[2], on = 1, number;
	sigset_t set;
	char c;

	if (argc != 2)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) < 0)
		die("socket");
	for (number = SIGUSR2;; sigwait(&set, &number)) {
		if (number == SIGUSR2) {
			unlink(argv[1]);
			if (send(ends[1], "m", 1, 0) != 1)
				die("send");
		} else {
			if (recv(ends[0], &c, 1, MSG_DONTWAIT) != 1)
				die("recv");
			if (close(open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) < 0)
				die(argv[1]);
		}
	}
}
