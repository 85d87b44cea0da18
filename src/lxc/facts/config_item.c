/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks up items in a container's config. Pure; the command, the library and the monitor use it.
 * inspect/settings.c reads the items.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "facts/config_item.h"

struct config_item *config_item_find(struct config_item *items, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(items[i].key, key) == 0)
			return &items[i];
	return NULL;
}

/* liblxc prints an unset string as "(null)". */
const char *config_item_value(const struct config_item *items, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(items[i].key, key) == 0)
			return items[i].value[0] && strcmp(items[i].value, "(null)") != 0
				       ? items[i].value
				       : NULL;
	return NULL;
}

void config_items_free(struct config_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].key);
		free(items[i].value);
	}
	free(items);
}
