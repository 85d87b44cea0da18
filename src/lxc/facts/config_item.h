/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FACTS_CONFIG_ITEM_H
#define LXCCKPT_FACTS_CONFIG_ITEM_H

#include <stdbool.h>
#include <stddef.h>

/* An item of a container's configuration, as liblxc's getter prints it. */
struct config_item {
	char *key;   /* "lxc.net.0.veth.pair", or a prefix that LXC answers: "lxc.cgroup2" */
	char *value; /* never NULL */
};

/* The first with that key; NULL where there is none. */
struct config_item *config_item_find(struct config_item *items, size_t n, const char *key);

/* Its value; NULL where the item is missing or not set, in whichever way liblxc prints that. */
const char *config_item_value(const struct config_item *items, size_t n, const char *key);

/* The number in the config of the veth that LXC makes as the nth, from 0; -1: there is none. */
int config_item_veth(const struct config_item *items, size_t n, size_t nth);

/*
 * Whether that interface of the config has a script that connects it (script.up) and no bridge
 * (link): then LXC leaves the connection to the script.
 */
bool config_item_is_by_script(const struct config_item *items, size_t n, int number);

void config_items_free(struct config_item *items, size_t n);

#endif
