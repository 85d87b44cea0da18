/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The stage of the terminals: those of the container, and the host's that its console is connected
 * to. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/tty.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * A fresh pty of the host's devpts takes the place of each that the container
 * had: CRIU cannot give a restored devpts a master that lives outside.
 */
static int terminal_open(struct terminal *t, const struct tty *tty, struct error **reterr)
{
	char name[64];

	t->slave = -1;
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0)
		return error_errno(reterr, "cannot open a pseudo terminal");
	if (unlockpt(t->master) < 0 || ptsname_r(t->master, name, sizeof(name)) != 0)
		return error_errno(reterr, "cannot unlock a pseudo terminal");
	t->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0)
		return error_errno(reterr, "cannot open %s", name);
	t->path = xstrdup(name);
	/* a login may have made it its user's */
	if (fchown(t->slave, tty->uid, tty->gid) < 0 || fchmod(t->slave, tty->mode) < 0)
		return error_errno(reterr, "cannot give %s its owner and mode", name);
	if (tty->settings && tty_settings_apply(t->slave, tty->settings) < 0)
		return error_errno(reterr, "cannot give %s its settings", name);
	return 0;
}

static void terminal_close(struct terminal *t)
{
	fd_close(&t->master);
	fd_close(&t->slave);
	free(t->path);
	t->path = NULL;
}

/* Slot of a tty; the arrays have been made large enough. */
static struct terminal *terminal_slot(struct restore *r, const struct tty *tty, size_t *other)
{
	if (tty->index == 0 && r->terminals.console.master < 0)
		return &r->terminals.console;
	if (tty->index > 0 && r->terminals.ttys[tty->index - 1].master < 0)
		return &r->terminals.ttys[tty->index - 1];
	return &r->terminals.others[(*other)++];
}

static void make_room(struct restore *r, const struct container_facts *facts)
{
	for (size_t i = 0; i < facts->n_ttys; i++)
		if (facts->ttys[i].index > (int)r->terminals.n_ttys)
			r->terminals.n_ttys = (size_t)facts->ttys[i].index;
	r->terminals.n_others = facts->n_ttys;
	r->terminals.ttys = xcalloc(r->terminals.n_ttys + 1, sizeof(*r->terminals.ttys));
	r->terminals.others = xcalloc(r->terminals.n_others + 1, sizeof(*r->terminals.others));
	r->terminals.ends = xcalloc(facts->n_ttys + 1, sizeof(*r->terminals.ends));
	for (size_t i = 0; i < r->terminals.n_ttys; i++)
		r->terminals.ttys[i].master = r->terminals.ttys[i].slave = -1;
	for (size_t i = 0; i < r->terminals.n_others; i++)
		r->terminals.others[i].master = r->terminals.others[i].slave = -1;
}

/*
 * One terminal can be mounted in two places, as LXC's console is where ttys have
 * a folder of their own: the first of those before i that is the same as i, or i.
 */
static size_t same_terminal(const struct container_facts *facts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (facts->ttys[k].rdev == facts->ttys[i].rdev &&
		    facts->ttys[k].dev == facts->ttys[i].dev)
			return k;
	return i;
}

/* As LXC does, connects the console and a terminal of the host, and keeps all others from it. */
static int open_peer(struct restore *r, struct error **reterr)
{
	const char *path = restore_plan_config(r->plan, "lxc.console.path");

	if (r->terminals.console.master < 0 || !path || *path != '/')
		return 0;
	r->terminals.console_peer = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (r->terminals.console_peer >= 0 && isatty(r->terminals.console_peer))
		return 0;
	error_refuse(reterr, r->terminals.console_peer < 0 ? errno : ENOTTY,
		     "cannot use %s for the console of %s (lxc.console.path): %s", path,
		     r->plan->name,
		     r->terminals.console_peer < 0 ? strerror(errno) : "it is not a terminal");
	error_set_hint(reterr, "name a terminal in lxc.console.path, or remove that line from the "
			       "container's config");
	return -ENOTTY;
}

int terminals_begin(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	size_t other = 0;
	int e;

	make_room(r, facts);
	for (size_t i = 0; i < facts->n_ttys; i++) {
		size_t same = same_terminal(facts, i);
		struct terminal *t;

		if (same != i) {
			r->terminals.ends[i] = r->terminals.ends[same];
			continue;
		}
		t = terminal_slot(r, &facts->ttys[i], &other);
		e = terminal_open(t, &facts->ttys[i], reterr);
		if (e < 0)
			return e;
		r->terminals.ends[i] = (struct tty_end){.slave_fd = t->slave, .path = t->path};
	}
	return open_peer(r, reterr);
}

void terminals_undo(struct restore *r)
{
	fd_close(&r->terminals.console_peer);
	terminal_close(&r->terminals.console);
	for (size_t i = 0; r->terminals.ttys && i < r->terminals.n_ttys; i++)
		terminal_close(&r->terminals.ttys[i]);
	for (size_t i = 0; r->terminals.others && i < r->terminals.n_others; i++)
		terminal_close(&r->terminals.others[i]);
	free(TAKE_PTR(r->terminals.ttys));
	free(TAKE_PTR(r->terminals.others));
	free(TAKE_PTR(r->terminals.ends));
	r->terminals.n_ttys = r->terminals.n_others = 0;
}
