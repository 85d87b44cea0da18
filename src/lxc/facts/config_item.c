/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks up items in a container's config. Pure; the command, the library and the monitor use it.
 * inspect/settings.c reads the items.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "facts/config_item.h"
#include "util/mem.h"

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

int config_item_veth(const struct config_item *items, size_t n, size_t nth)
{
	for (int i = 0;; i++) {
		_cleanup_free_ char *key = xasprintf("lxc.net.%d.type", i);
		const char *type = config_item_value(items, n, key);

		if (!type)
			return -1;
		if (strcmp(type, "veth") == 0 && nth-- == 0)
			return i;
	}
}

bool config_item_is_by_script(const struct config_item *items, size_t n, int number)
{
	_cleanup_free_ char *script = xasprintf("lxc.net.%d.script.up", number);
	_cleanup_free_ char *link = xasprintf("lxc.net.%d.link", number);

	return number >= 0 && config_item_value(items, n, script) &&
	       !config_item_value(items, n, link);
}

void config_items_free(struct config_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].key);
		free(items[i].value);
	}
	free(items);
}
