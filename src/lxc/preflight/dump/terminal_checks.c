/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks /dev/tty, which a shell with job control keeps open. CRIU expects the terminal behind it
 * to be a pty that the same process opened first, with the session's leader in the foreground. Runs
 * in the command, on what other checks have read.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

#define STAT_MAX	4096
#define PTY_SLAVE_MAJOR 136

struct controlling {
	pid_t session;
	unsigned int device; /* as the kernel numbers them for processes; 0: none */
	pid_t foreground;
};

static bool read_controlling(const struct process *p, struct controlling *ret)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)p->pid);
	_cleanup_free_ char *text = NULL;
	/* after the name, which may have whatever in it, and the state: */
	enum { PARENT, GROUP, SESSION, TERMINAL, FOREGROUND, N };
	long v[N];
	char *at;

	if (read_file_at(AT_FDCWD, path, STAT_MAX, &text) <= 0)
		return false;
	at = strrchr(text, ')');
	if (!at || strlen(at) < strlen(") S "))
		return false;
	at += strlen(") S ");
	for (size_t i = 0; i < N; i++) {
		char *from = at;

		v[i] = strtol(from, &at, 10);
		if (at == from)
			return false;
	}
	*ret = (struct controlling){(pid_t)v[SESSION], (unsigned int)v[TERMINAL],
				    (pid_t)v[FOREGROUND]};
	return true;
}

static bool is_pty(unsigned int device, unsigned int *ret_index)
{
	*ret_index = (device & 0xff) | ((device >> 12) & 0xfff00);
	return ((device >> 8) & 0xfff) == PTY_SLAVE_MAJOR;
}

static const struct terminal *end_of(const struct survey *s, int kind, unsigned int index)
{
	size_t i;

	return map_get(&s->terminals_by_end, map_key((uint64_t)kind, index), &i) ? &s->terminals[i]
										 : NULL;
}

static bool can_be_saved(const struct survey *s, const struct process *p)
{
	const struct terminal *master;
	struct controlling c;
	unsigned int index;

	if (!read_controlling(p, &c) || c.device == 0)
		return true;
	/* a terminal that the monitor holds, or one of the host's */
	if (!is_pty(c.device, &index) || !end_of(s, TERMINAL_SLAVE, index))
		return false;
	if (c.foreground != c.session)
		return false;
	/* the master counts too, and parents come first */
	master = end_of(s, TERMINAL_MASTER, index);
	return !master || !is_ancestor(s, master->process->pid, p);
}

void check_terminals(struct survey *s)
{
	for (size_t i = 0; i < s->n_terminals; i++) {
		const struct terminal *t = &s->terminals[i];

		s->descriptor = t->fd + 1;
		if (t->kind == TERMINAL_CURRENT && !can_be_saved(s, t->process))
			findings_add(s->found,
				     FINDING("terminal", FINDING_BLOCKS,
					     "log out there: on lxc-console, lxc-attach, or in a "
					     "terminal within the container",
					     OF_PROCESS(s, t->process)),
				     "has its terminal open by the name /dev/tty, as a shell with "
				     "job control does, which CRIU cannot save");
	}
	s->descriptor = 0;
}
