/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Decides whether a checkpoint that failed is tried again, and lets the container run for a moment
 * before that. Runs in the caller's process, between two tries: nothing is held, neither the lock
 * nor the image nor a process.
 */
#include "config.h"

#include <poll.h>
#include <sys/param.h>

#include "flow/dump_private.h"
#include "flow/lxclog.h"

#define RACES_MAX 3
#define TICK_MS	  50

/*
 * Before each further try. A process takes what has come for it at once. A TCP connection may wait
 * for a retransmission, after a restore for a second.
 */
static const int pauses_ms[] = {50, 200, 700, 1500};

#define TRIES_MAX (1 + sizeof(pauses_ms) / sizeof(pauses_ms[0]))

static bool is_cancelled(const struct dump_options *o)
{
	return o->cancelled && o->cancelled(o->userdata);
}

/* False: the caller has cancelled meanwhile. */
static bool let_run(const struct dump_options *o, int ms)
{
	for (; ms > 0 && !is_cancelled(o); ms -= TICK_MS)
		poll(NULL, 0, MIN(ms, TICK_MS));
	return !is_cancelled(o);
}

bool dump_again(const struct dump *what, unsigned int tries, const struct error *e)
{
	if (!e || tries >= TRIES_MAX || is_cancelled(what->o))
		return false;
	/* to come and go is what they go on doing */
	if (e->racing ? tries >= RACES_MAX : !e->passing)
		return false;
	lxclog_again(what->c, e);
	return e->racing || let_run(what->o, pauses_ms[tries - 1]);
}
