/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_PROCESS_ANSWERS_SAVE_H
#define LXCCKPT_CARRY_PROCESS_ANSWERS_SAVE_H

/*
 * Settings that no file in /proc shows, as the processes themselves said of them before CRIU
 * stopped them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "carry/process_flags.h"

struct process_answer {
	pid_t pid;		  /* on the host */
	unsigned long long start; /* in clock ticks since boot */
	bool has[N_PROCESS_FLAGS];

	/* those with the same are alike: a crowd of workers */
	char name[16];
	pid_t parent;
	long filters, no_new_privs;
};

struct process_answers {
	struct process_answer *v; /* sorted by pid */
	size_t n;
	unsigned long long began; /* all processes that started later were not asked */
};

/*
 * Asks those processes of a container that may have such a setting: PR_SET_MDWE comes with
 * no_new_privs or a seccomp filter, which a service has and init has not, and mlockall() with
 * memory that is locked. Each of them is interrupted, as it is by CRIU, but of a crowd of siblings
 * only the first ones if these agree. NULL: there is nothing to ask.
 */
struct process_answers *process_answers_ask(pid_t init);

/* What a process with this /proc/PID/stat has, or inherits from a parent that was asked. */
void process_answers_find(const struct process_answers *a, pid_t pid, const char *stat,
			  bool has[N_PROCESS_FLAGS]);

void process_answers_free(struct process_answers *a);

#endif
