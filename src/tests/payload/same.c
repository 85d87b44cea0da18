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
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

/* What else a process can be asked about itself: by prctl()'s that take nothing and return it. */
static void tell_prctls(FILE *f)
{
	static const struct {
		const char *name;
		int option;
	} options[] = {
		{"dumpable", PR_GET_DUMPABLE},	     {"keepcaps", PR_GET_KEEPCAPS},
		{"securebits", PR_GET_SECUREBITS},   {"timerslack", PR_GET_TIMERSLACK},
		{"seccomp", PR_GET_SECCOMP},	     {"no_new_privs", PR_GET_NO_NEW_PRIVS},
		{"thp_disable", PR_GET_THP_DISABLE}, {"mce_kill", PR_MCE_KILL_GET},
	};
	int value = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		fprintf(f, "%s: %d\n", options[i].name, prctl(options[i].option, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &value);
	fprintf(f, "pdeathsig: %d\n", value);
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	fprintf(f, "subreaper: %d\n", value);
	fprintf(f, "personality: %#x\n", (unsigned int)personality(0xffffffff));
	fprintf(f, "niceness: %d\n", getpriority(PRIO_PROCESS, 0));
	fprintf(f, "session, group: %d %d\n", (int)getsid(0), (int)getpgrp());
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
		tell_prctls(f);
		fclose(f);
		rename(name, argv[1]);
	} while (sigwait(&set, &sig) == 0);
	return 1;
}
