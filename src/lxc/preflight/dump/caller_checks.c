/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the command itself has inherited and what would make CRIU, its child, fail. Runs in
 * the command, as root on the host.
 */
#include "config.h"

#include "preflight/survey.h"
#include "sys/inherited.h"

static const struct process *filtered(const struct survey *s)
{
	for (size_t i = 0; i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];

		if (p->in_tree && p->state != 'Z' && field_number(p->status, "Seccomp", 10) != 0)
			return p;
	}
	return NULL;
}

/*
 * The kernel does not show filters to a process with a filter, nor let such a process suspend them.
 */
void check_caller(struct survey *s)
{
	const struct process *p = has_seccomp_filter() ? filtered(s) : NULL;

	if (p)
		findings_add(
			s->found,
			FINDING("inherited", FINDING_BLOCKS,
				"start the command from a root shell, or from a service without "
				"SystemCallFilter= and the like",
				OF_PROCESS(s, p)),
			"has a seccomp filter, and this command has inherited one too: the "
			"kernel then does not let CRIU save it");
}
