/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before a dump: what the command itself was started with and what CRIU would fail at for that,
 * being its child. Runs in the command, as root on the host.
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

/* The kernel shows filters to nobody who has one, and switches them off for nobody else. */
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
