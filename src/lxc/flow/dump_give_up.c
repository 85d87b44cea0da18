/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * When a checkpoint has failed, or was taken back: the container runs on as before, and no
 * checkpoint is to be seen. Runs in the caller's process, as root on the host.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "criu/causes.h"
#include "flow/dump_private.h"
#include "flow/lxclog.h"
#include "image/room.h"
#include "lock/recover.h"
#include "util/mem.h"

#define DYING_MS 1000

bool dump_init_dies_within(const struct dump *d, int ms)
{
	struct pollfd p = {.fd = d->init, .events = POLLIN};

	return d->init >= 0 && poll(&p, 1, ms) > 0;
}

/* Init has released its memory and waits for its processes to exit: there is no way back. */
static bool init_is_ending(const struct dump *d)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/exe", (int)d->manifest.facts.init_pid);
	char target[8];

	return readlink(path, target, sizeof(target)) < 0 && errno == ENOENT;
}

/* A process that was killed is dead a moment later, or one with much memory on its way. */
bool dump_init_is_dead(const struct dump *d)
{
	return dump_init_dies_within(d, d->sealed ? DYING_MS : 0) ||
	       (d->sealed && init_is_ending(d));
}

/*
 * CRIU may have died with the veth off its bridge, and where it has not, it does
 * not look whether the callback could put it back.
 */
int dump_attach_network(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	_cleanup_error_ struct error *e = NULL;
	int r = recover_bridges(facts->nics, facts->n_nics, &e);

	/* somebody has stopped it meanwhile, and its interfaces are gone with it */
	if (r == 0 || dump_init_dies_within(d, DYING_MS))
		return 0;
	error_move(reterr, &e, -r);
	return error_wrap(reterr, -r, "cannot reattach the network of %s", d->c->name);
}

/* Names that were in CRIU's way are gone: the next try succeeds. */
static void remove_names(const struct dump *d, struct error **reterr)
{
	bool removed = recover_names(d->manifest.facts.init_pid);
	const char *said = reterr && *reterr ? (*reterr)->detail : NULL;

	if (removed && said && criu_is_name_taken((struct span){said, strlen(said)}))
		(*reterr)->passing = true;
}

/* The container runs on, and no checkpoint is to be seen. */
int dump_give_up(struct dump *d, int r, struct error **reterr)
{
	_cleanup_error_ struct error *e = NULL;
	const bool dead = dump_init_is_dead(d);
	bool is_off = false;

	/* the network first: to remove an image of some gigabytes takes its time */
	if (d->freezer)
		recover_freezer(d->freezer);
	if (!dead) {
		recover_connections(d->manifest.facts.init_pid, NULL);
		recover_firewall(d->manifest.facts.init_pid);
		is_off = dump_attach_network(d, &e) < 0;
		if (is_off)
			error_set_hint(reterr, "%s; %s", e->message, e->hint);
		remove_names(d, reterr);
	}
	room_explain(d->image, d->memory, reterr);
	image_abandon(d->image, true);
	/*
	 * There was no way back, or is none, or a checkpoint would not know of its bridges: what is
	 * left then is for the user to look at.
	 */
	if ((dead || d->sealed || is_off) && reterr && *reterr)
		(*reterr)->passing = (*reterr)->racing = false;
	r = error_wrap(reterr, -r, "%s was not checkpointed%s", d->c->name,
		       dead ? ", and has stopped" : " and keeps running");
	criu_log_reason(d->image->dirfd, "dump.log", reterr ? *reterr : NULL);
	return r;
}
