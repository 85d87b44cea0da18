/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Puts a container's links back on their bridges, of which a checkpoint has taken them. Runs in the
 * command, as root in the host's network namespace.
 */
#include "config.h"

#include <string.h>

#include "lock/recover.h"
#include "sys/link.h"
#include "util/mem.h"

/*
 * The container's root can delete its end of the veth, and the host's end goes with it: another
 * container may have a link of that name by now.
 */
static int put_back(const struct nic *nic)
{
	if (!nic->bridge || link_is_on(nic->host_name, nic->bridge))
		return 0;
	if (nic->host_mac && !link_has_mac(nic->host_name, nic->host_mac))
		return 0;
	return link_attach(nic->host_name, nic->bridge);
}

int recover_bridges(const struct nic *nics, size_t n_nics, struct error **reterr)
{
	int ret = 0;

	for (size_t i = 0; i < n_nics; i++) {
		const struct nic *nic = &nics[i];
		int r = put_back(nic);

		if (r == 0 || ret < 0)
			continue;
		ret = error_set(reterr, -r, "cannot put %s back on %s: %s", nic->host_name,
				nic->bridge, strerror(-r));
		error_set_hint(reterr, "when the cause is gone: ip link set dev %s master %s",
			       nic->host_name, nic->bridge);
	}
	return ret;
}
