/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what pre-start hooks may make. Without such hooks the command checks it before anything
 * begins; with them the monitor does, after they have run. Both are root on the host.
 */
#include "config.h"

#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "preflight/restore/restore_checks.h"
#include "util/mem.h"

static void check_nic(const struct nic *nic, bool by_script, struct findings *found)
{
	if (nic->bridge && !by_script) {
		_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge", nic->bridge);

		if (access(path, F_OK) < 0)
			findings_add(
				found,
				FINDING("bridge", FINDING_BLOCKS,
					"make the bridge (systemctl start lxc-net, where lxc-net "
					"made it) and restore again"),
				"the bridge %s, which %s of the container was on, is missing",
				nic->bridge, nic->name);
	}
	if (nic->parent && if_nametoindex(nic->parent) == 0)
		findings_add(
			found,
			FINDING("bridge", FINDING_BLOCKS, "make that interface and restore again"),
			"the interface %s, on which %s of the container was a macvlan, is "
			"missing",
			nic->parent, nic->name);
	if (nic->host_name && if_nametoindex(nic->host_name) != 0)
		findings_add(found, FINDING("interface-name", FINDING_NOTE, NULL),
			     "%s, the host's end of %s, gets another name: another interface has "
			     "that name",
			     nic->host_name, nic->name);
}

void check_network(const struct restore_check *r, struct findings *found)
{
	size_t veths = 0;

	for (size_t i = 0; i < r->manifest->facts.n_nics; i++) {
		const struct nic *nic = &r->manifest->facts.nics[i];
		const bool veth = strcmp(nic->type, "veth") == 0;
		int number = veth ? config_item_veth(r->config, r->n_config, veths++) : -1;

		check_nic(nic, config_item_is_by_script(r->config, r->n_config, number), found);
	}
}

void preflight_find_made(const struct restore_check *r, struct findings *found)
{
	check_rootfs(r, found);
	check_sources(r, found);
	check_open_files(r, found);
	check_locks(r, found);
	check_leftovers(r, found);
	check_network(r, found);
}
