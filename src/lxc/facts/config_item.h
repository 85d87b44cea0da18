/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FACTS_CONFIG_ITEM_H
#define LXCCKPT_FACTS_CONFIG_ITEM_H

/* An item of a container's config, as liblxc's getter prints it. */
struct config_item {
	char *key;   /* "lxc.net.0.veth.pair", or a prefix that LXC answers: "lxc.cgroup2" */
	char *value; /* never NULL */
};

#endif
