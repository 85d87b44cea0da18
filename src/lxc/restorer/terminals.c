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
	if (tty->index == 0 && r->console.master < 0)
		return &r->console;
	if (tty->index > 0 && r->ttys[tty->index - 1].master < 0)
		return &r->ttys[tty->index - 1];
	return &r->others[(*other)++];
}

static void make_room(struct restore *r, const struct container_facts *facts)
{
	for (size_t i = 0; i < facts->n_ttys; i++)
		if (facts->ttys[i].index > (int)r->n_ttys)
			r->n_ttys = (size_t)facts->ttys[i].index;
	r->n_others = facts->n_ttys;
	r->ttys = xcalloc(r->n_ttys + 1, sizeof(*r->ttys));
	r->others = xcalloc(r->n_others + 1, sizeof(*r->others));
	r->tty_ends = xcalloc(facts->n_ttys + 1, sizeof(*r->tty_ends));
	for (size_t i = 0; i < r->n_ttys; i++)
		r->ttys[i].master = r->ttys[i].slave = -1;
	for (size_t i = 0; i < r->n_others; i++)
		r->others[i].master = r->others[i].slave = -1;
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

/* As LXC: the console and a terminal of the host's are connected, and nobody else gets to it. */
static int open_peer(struct restore *r, struct error **reterr)
{
	const char *path = restore_plan_config(r->plan, "lxc.console.path");

	if (r->console.master < 0 || !path || *path != '/')
		return 0;
	r->console_peer = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (r->console_peer >= 0 && isatty(r->console_peer))
		return 0;
	error_refuse(reterr, r->console_peer < 0 ? errno : ENOTTY,
		     "cannot use %s for the console of %s (lxc.console.path): %s", path,
		     r->plan->name, r->console_peer < 0 ? strerror(errno) : "it is not a terminal");
	error_set_hint(reterr, "name a terminal in lxc.console.path, or remove that line from the "
			       "container's config");
	return -ENOTTY;
}

int terminals_begin(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest.facts;
	size_t other = 0;
	int e;

	make_room(r, facts);
	for (size_t i = 0; i < facts->n_ttys; i++) {
		size_t same = same_terminal(facts, i);
		struct terminal *t;

		if (same != i) {
			r->tty_ends[i] = r->tty_ends[same];
			continue;
		}
		t = terminal_slot(r, &facts->ttys[i], &other);
		e = terminal_open(t, &facts->ttys[i], reterr);
		if (e < 0)
			return e;
		r->tty_ends[i] = (struct tty_end){.slave_fd = t->slave, .path = t->path};
	}
	return open_peer(r, reterr);
}

void terminals_undo(struct restore *r)
{
	fd_close(&r->console_peer);
	terminal_close(&r->console);
	for (size_t i = 0; r->ttys && i < r->n_ttys; i++)
		terminal_close(&r->ttys[i]);
	for (size_t i = 0; r->others && i < r->n_others; i++)
		terminal_close(&r->others[i]);
	free(TAKE_PTR(r->ttys));
	free(TAKE_PTR(r->others));
	free(TAKE_PTR(r->tty_ends));
	r->n_ttys = r->n_others = 0;
}
