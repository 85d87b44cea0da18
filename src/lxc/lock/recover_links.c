/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Deletes links of the host that a killed monitor has left. The kernel deletes a veth with the
 * network namespace of its other end, but only when that is free: until then the dead container's
 * addresses answer, beside those of the next life. Runs in the command, as root in the host's
 * network namespace.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/asking.h"
#include "lock/recover.h"
#include "sys/link.h"
#include "util/mem.h"

#define NICS_MAX 32

#define ENDING_MS 5000
#define TICK_MS	  10

/* The host's end of one of the container's interfaces, as it runs now. */
static bool is_in_use(struct lxc_container *c, const char *link)
{
	for (int i = 0; i < NICS_MAX; i++) {
		_cleanup_free_ char *key = xasprintf("lxc.net.%d.veth.pair", i);
		_cleanup_free_ char *name = NULL;

		/* with a monitor that does not answer nothing is known */
		if (asked_config(c, key, &name, NULL) < 0 || (name && strcmp(name, link) == 0))
			return true;
	}
	return false;
}

/* One without a number was written down before CRIU had made the link. */
void recover_made_links(const struct record *left, struct lxc_container *running)
{
	for (size_t i = 0; i < left->n_links; i++) {
		const struct record_link *l = &left->links[i];

		if (running && is_in_use(running, l->name))
			continue;
		if (l->number > 0)
			link_delete_veth(l->name, l->number, l->mac);
		else
			link_delete_unused(l->name);
	}
}

/* Its init dies with the monitor, but a moment later. */
static bool init_has_ended(const struct record *left)
{
	for (int waited = 0; !record_process_ended(left, left->init, left->init_start);
	     waited += TICK_MS) {
		if (waited >= ENDING_MS)
			return false;
		poll(NULL, 0, TICK_MS);
	}
	return true;
}

/*
 * Number, name and address together are one link: no other gets its number while the host is up.
 * One that was changed since is somebody else's, or has been taken over.
 */
void recover_left_links(const char *lock)
{
	_cleanup_record_ struct record left = {0};

	/* what cannot be read harms nobody: the kernel deletes the links in the end */
	if (record_read(lock, RECORD_LINKS, &left, NULL) <= 0 ||
	    !record_process_ended(&left, left.monitor, left.monitor_start) ||
	    !init_has_ended(&left))
		return;
	for (size_t i = 0; i < left.n_links; i++)
		if (left.links[i].mac)
			link_delete_veth(left.links[i].name, left.links[i].number,
					 left.links[i].mac);
	record_remove(lock, RECORD_LINKS);
}
