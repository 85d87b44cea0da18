/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Puts back what killed processes have left of a container, as the records say: which of the
 * healings are due. Runs in the command that has the container's lock, as root on the host.
 */
#include "config.h"

#include <string.h>

#include "inspect/asking.h"
#include "lock/recover.h"
#include "sys/process.h"

/*
 * The container's init of now is the one that the record is about. Another one is another life:
 * what was detached or frozen has gone with the old one.
 */
static bool is_about(const struct record *left, pid_t init)
{
	return init > 0 && left->init == init && left->init_start == process_start_time(init);
}

static int attach_network(const struct record *left, const char *name, struct error **reterr)
{
	int r;

	recover_connections(left->init, NULL);
	recover_firewall(left->init);
	recover_names(left->init);
	r = recover_bridges(left->nics, left->n_nics, reterr);
	return r < 0 ? error_wrap(reterr, -r,
				  "an earlier checkpoint of %s was killed with its network "
				  "detached, which cannot be reattached",
				  name)
		     : 0;
}

/*
 * Half-made processes of a restore wait for their CRIU for ever, and a CRIU that has lost its
 * monitor late waits for them. Without a monitor they are nobody's.
 */
static void end_half_made(const struct record *left, pid_t init, struct lxc_container *running)
{
	recover_cgroups(left, init);
	recover_made_links(left, running);
}

int recover(const struct record *left, struct lxc_container *c, struct error **reterr)
{
	const char *state;
	pid_t init = 0;
	int r = asked_init_pid(c, &init, reterr);

	if (r < 0)
		return r;
	if (is_about(left, init)) {
		if (left->frozen)
			recover_freezer(left->frozen);
		return attach_network(left, c->name, reterr);
	}
	if (init > 0) {
		end_half_made(left, init, c);
		return 0;
	}
	r = asked_state(c, &state, reterr);
	if (r == 0 && strcmp(state, "STOPPED") == 0)
		end_half_made(left, 0, NULL);
	return 0;
}
