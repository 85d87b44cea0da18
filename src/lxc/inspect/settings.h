/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_SETTINGS_H
#define LXCCKPT_INSPECT_SETTINGS_H

#include <lxc/lxccontainer.h>

#include "facts/config_item.h"

/* A config item as text, NULL where it is not set. Caller frees. */
char *config_get(struct lxc_container *c, const char *key);

/*
 * Every item of the container's config that has a value, as liblxc's getter
 * prints it: what a monitor answers to GET_CONFIG_ITEM. Heap array of heap strings.
 */
void config_list(struct lxc_container *c, struct config_item **ret, size_t *ret_n);

void config_items_free(struct config_item *items, size_t n);

#endif
