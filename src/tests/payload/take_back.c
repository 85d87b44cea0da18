/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Programs that restore a container and get a signal meanwhile. The exit status is 0 where the
 * container was restored, and 1 where it was not, and why is on stderr.
 *
 *   take_back plain NAME DIRECTORY    by ->restore(), without a signal handler
 *   take_back deaf NAME DIRECTORY     the same with one that does nothing, and interrupts calls
 *   take_back asks NAME DIRECTORY     with options: SIGTERM takes it back
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <lxc/lxccheckpoint.h>

static volatile sig_atomic_t got, committed;

static void on_signal(int sig)
{
	got = sig;
}

static bool cancelled(void *userdata)
{
	if (userdata != &got || committed) {
		fputs("asked with another pointer, or too late\n", stderr);
		_Exit(2);
	}
	return got != 0;
}

static void on_committed(void *userdata)
{
	if (userdata != &got || committed)
		_Exit(2);
	committed = 1;
	fputs("committed\n", stderr);
}

int main(int argc, char *argv[])
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct lxc_restore_options o = {
		.size = sizeof(o),
		.userdata = (void *)&got,
		.cancelled = cancelled,
		.committed = on_committed,
	};
	struct lxc_container *c;
	bool done;

	if (argc != 4 || !(c = lxc_container_new(argv[2], NULL)))
		return 2;
	o.directory = argv[3];
	/* as an asynchronous command of a script it ignores SIGINT */
	if (strcmp(argv[1], "plain") != 0)
		sigaction(SIGTERM, &sa, NULL);
	if (strcmp(argv[1], "asks") == 0)
		done = lxc_checkpoint_restore(c, &o) == 0;
	else
		done = c->restore(c, argv[3], false);
	if (!done)
		fprintf(stderr, "%s\n", lxc_checkpoint_error(c));
	lxc_container_put(c);
	return done ? 0 : 1;
}
