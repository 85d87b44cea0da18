/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes the container's nexthop objects and the routes by them. Runs in a child of the monitor, as
 * root in the container's network namespace.
 */
#include "config.h"

#include "carry/nexthops.h"
#include "restorer/restorer.h"
#include "sys/rtnl.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

/* A group comes behind its members only where its number is higher; so it is tried again. */
static int make_all(int sock, const struct container_facts *facts)
{
	_cleanup_free_ bool *made = xcalloc(facts->n_nexthops + 1, sizeof(*made));
	bool progress = true;
	int e = 0;

	for (; progress; progress = progress && e < 0) {
		progress = false;
		e = 0;
		for (size_t i = 0; i < facts->n_nexthops; i++) {
			size_t len = 0;
			_cleanup_free_ void *message =
				made[i] ? NULL : hex_decode(facts->nexthops[i].message, &len);
			int r = message ? rtnl_request(sock, message, len) : 0;

			e = r < 0 ? r : e;
			progress = progress || (message && r == 0);
			made[i] = r == 0;
		}
	}
	return e;
}

int nexthops_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_close_ int sock = -1;

	(void)init;
	(void)reterr;
	if (r->manifest->facts.n_nexthops == 0)
		return 0;
	sock = rtnl_open();
	return sock < 0 ? sock : make_all(sock, &r->manifest->facts);
}
