/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks /dev/tty, which a shell with job control keeps open. CRIU expects the terminal behind it
 * to be a pty that the same process opened first, with the session's leader in the foreground. Any
 * other has to be replaced before CRIU looks. Runs in the command, as root, on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "preflight/survey.h"
#include "sys/held_terminals.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define PTY_SLAVE_MAJOR 136

struct controlling {
	pid_t session;
	unsigned int device; /* as the kernel numbers them for processes; 0: none */
	pid_t foreground;
};

static bool read_controlling(const struct process *p, struct controlling *ret)
{
	_cleanup_free_ char *stat = process_text(p->pid, "stat");

	*ret = (struct controlling){
		.session = (pid_t)process_stat_number(stat, PROCESS_STAT_SESSION),
		.device = (unsigned int)process_stat_number(stat, PROCESS_STAT_TERMINAL),
		.foreground = (pid_t)process_stat_number(stat, PROCESS_STAT_FOREGROUND),
	};
	return ret->session > 0;
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

/* Not only by its number: each devpts has terminals of the same ones. */
static bool is_one(const struct terminal *t, const struct terminal *other)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(t->process->pid);
	_cleanup_close_ int other_pidfd = pidfd_open_pid(other->process->pid);

	return held_terminals_are_one(pidfd, t->fd, other_pidfd, other->fd);
}

/* As it is. */
static bool can_be_saved(const struct survey *s, const struct terminal *t)
{
	const struct process *p = t->process;
	const struct terminal *master, *slave;
	struct controlling c;
	unsigned int index;

	/* of another session, where CRIU could not open it again */
	if (!read_controlling(p, &c) || c.device == 0)
		return false;
	/* a terminal that the monitor holds, or one of the host's */
	slave = is_pty(c.device, &index) ? end_of(s, TERMINAL_SLAVE, index) : NULL;
	if (!slave || !is_one(t, slave))
		return false;
	if (c.foreground != c.session)
		return false;
	/* the master counts too, and parents come first */
	master = end_of(s, TERMINAL_MASTER, index);
	return !master || !is_ancestor(s, master->process->pid, p);
}

/* carry/controlling_terminal_save.c does that, unless this architecture cannot. */
static bool can_be_replaced(const struct process *p)
{
#ifdef __x86_64__
	_cleanup_close_ int pidfd = pidfd_open_pid(p->pid);
	_cleanup_free_ struct held_terminal *v = NULL;
	size_t n = 0;

	if (pidfd < 0 || held_terminals(p->pid, pidfd, &v, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v[i].current && !held_terminal_equal(pidfd, v, n, &v[i]))
			return false;
	return true;
#else
	(void)p;
	return false;
#endif
}

void check_terminals(struct survey *s)
{
	const struct process *last = NULL;
	bool replaced = false; /* all that the last process has */

	for (size_t i = 0; i < s->n_terminals; i++) {
		const struct terminal *t = &s->terminals[i];

		if (t->kind != TERMINAL_CURRENT)
			continue;
		s->found->holds_current_terminal = true;
		s->descriptor = t->fd + 1;
		/* those of a process follow each other */
		if (!last || t->process != last)
			replaced = can_be_replaced(t->process);
		last = t->process;
		if (!replaced && !can_be_saved(s, t))
			findings_add(
				s->found,
				FINDING("terminal", FINDING_BLOCKS,
					"stop that process, or log out there: on lxc-console, "
					"or in a terminal within the container",
					OF_PROCESS(s, t->process)),
				"has its terminal open by the name /dev/tty, which CRIU "
				"cannot save, and no other descriptor of it can take its place "
				"(with the same access and flags, and in no epoll)");
	}
	s->descriptor = 0;
}
