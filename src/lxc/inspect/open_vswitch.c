/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds NICs that lxc-start has made ports of an Open vSwitch bridge with ovs-vsctl. The kernel's
 * datapath is the master of such a port; a datapath in user space leaves no trace at the link, so
 * the configuration tells. Runs in the caller's process, as root, and only reads.
 */
#include "config.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/nic_kinds.h"
#include "inspect/open_vswitch.h"
#include "util/mem.h"

#define KERNEL_DATAPATH "ovs-system"

/* LXC takes each link that exists and is not a bridge for one of Open vSwitch. */
static bool is_kernel_bridge(const char *link)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge", link);

	return if_nametoindex(link) == 0 || access(path, F_OK) == 0;
}

static bool net_asks(const struct settings *s, const char *type_key,
		     bool (*is_bridge)(const char *link))
{
	_cleanup_free_ char *net = xstrndup(type_key, strlen(type_key) - strlen(".type"));
	_cleanup_free_ char *link_key = xasprintf("%s.link", net);
	_cleanup_free_ char *mode_key = xasprintf("%s.veth.mode", net);
	const char *type = settings_get(s, type_key), *link = settings_get(s, link_key);
	const char *mode = settings_get(s, mode_key);

	/* a router's veth is on no bridge */
	return type && strcmp(type, "veth") == 0 && link &&
	       !(mode && strcmp(mode, "router") == 0) && !is_bridge(link);
}

bool asks_for_open_vswitch(const struct settings *settings, bool (*is_bridge)(const char *link))
{
	for (size_t i = 0; i < settings->n; i++) {
		const char *key = settings->items[i].key;
		size_t len = strlen(key);

		if (strncmp(key, "lxc.net.", strlen("lxc.net.")) == 0 && len > strlen(".type") &&
		    strcmp(key + len - strlen(".type"), ".type") == 0 &&
		    net_asks(settings, key, is_bridge))
			return true;
	}
	return false;
}

void inspect_open_vswitch(const struct settings *settings, struct container_facts *facts)
{
	bool asked = asks_for_open_vswitch(settings, is_kernel_bridge);

	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];
		struct nic_kind k = {.type = nic->type, .name = nic->name};

		if (nic->host_name &&
		    (nic->bridge ? strcmp(nic->bridge, KERNEL_DATAPATH) == 0 : asked))
			nic_add_obstacle(facts, &k, INNER_OPEN_VSWITCH, 0);
	}
}
