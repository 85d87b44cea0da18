/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * same FILE: tells of itself what only a process itself can ask. At SIGUSR1 it writes
 * FILE anew; under its name it is whole.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE	  62
#define PR_SCHED_CORE_GET 0
#endif

#define KEY_SPEC_SESSION -3 /* KEY_SPEC_SESSION_KEYRING */

static void tell_keyring(FILE *f)
{
	char text[256] = "";
	long key;

	syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION, text, sizeof(text) - 1);
	fprintf(f, "session keyring: %s\n", text);
	key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION, "user", "of-before", 0);
	if (key >= 0)
		key = syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text) - 1);
	fprintf(f, "key: %s\n", key < 0 ? strerror(errno) : "there");
}

static void tell_cookie(FILE *f)
{
	unsigned long cookie = 0;
	int r = prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, 0, &cookie);

	fprintf(f, "core scheduling: %s\n", r < 0 ? strerror(errno) : cookie ? "a cookie" : "none");
}

int main(int argc, char **argv)
{
	char name[256];
	sigset_t set;
	int sig;

	if (argc != 2)
		return 2;
	snprintf(name, sizeof(name), "%s.new", argv[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	syscall(SYS_add_key, "user", "of-before", "secret", 6, KEY_SPEC_SESSION);
	do {
		FILE *f = fopen(name, "w");

		if (!f)
			return 1;
		tell_keyring(f);
		tell_cookie(f);
		fclose(f);
		rename(name, argv[1]);
	} while (sigwait(&set, &sig) == 0);
	return 1;
}
