/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "inspect/settings.h"
#include "util/mem.h"

#define NETS_MAX 1024 /* numbers may have gaps; nobody has more */

/* As liblxc prints it, down to the "(null)" of an unset string. */
static char *get_raw(struct lxc_container *c, const char *key)
{
	int len = c->get_config_item(c, key, NULL, 0);
	char *value;

	if (len <= 0)
		return NULL;
	value = xcalloc((size_t)len + 1, 1);
	if (c->get_config_item(c, key, value, len + 1) != len) {
		free(value);
		return NULL;
	}
	return value;
}

char *config_get(struct lxc_container *c, const char *key)
{
	char *value = get_raw(c, key);

	if (value && strcmp(value, "(null)") == 0) {
		free(value);
		return NULL;
	}
	return value;
}

static char *get_keys(struct lxc_container *c, const char *key)
{
	int len = c->get_keys(c, key, NULL, 0);
	char *keys;

	if (len <= 0)
		return NULL;
	keys = xcalloc((size_t)len + 1, 1);
	if (c->get_keys(c, key, keys, len + 1) != len) {
		free(keys);
		return NULL;
	}
	return keys;
}

static void add(struct lxc_container *c, const char *key, struct config_item **items, size_t *n)
{
	char *value = get_raw(c, key);
	struct config_item *item;

	if (!value)
		return;
	item = ARRAY_ADD(*items, *n);
	item->key = xstrdup(key);
	item->value = value;
}

/* The keys below one, which liblxc lists without the prefix. */
static void add_below(struct lxc_container *c, const char *prefix, struct config_item **items,
		      size_t *n)
{
	_cleanup_free_ char *keys = get_keys(c, prefix);
	char *save = NULL;

	if (!keys)
		return;
	for (char *k = strtok_r(keys, "\n", &save); k; k = strtok_r(NULL, "\n", &save)) {
		_cleanup_free_ char *key = xasprintf("%s.%s", prefix, k);

		add(c, key, items, n);
	}
}

static void add_nets(struct lxc_container *c, struct config_item **items, size_t *n)
{
	_cleanup_free_ char *types = config_get(c, "lxc.net");
	size_t left = 0;

	/* one line a NIC */
	for (const char *p = types; p && (p = strchr(p, '\n')); p++)
		left++;
	for (unsigned int i = 0; left > 0 && i < NETS_MAX; i++) {
		_cleanup_free_ char *net = xasprintf("lxc.net.%u", i);
		size_t before = *n;

		add_below(c, net, items, n);
		if (*n > before)
			left--;
	}
}

/* liblxc has one key for them all in its list, which is none to ask for. */
static void add_shares(struct lxc_container *c, struct config_item **items, size_t *n)
{
	static const char *const kinds[] = {"net",  "ipc", "uts",    "pid",
					    "user", "mnt", "cgroup", "time"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		_cleanup_free_ char *key = xasprintf("lxc.namespace.share.%s", kinds[i]);
		_cleanup_free_ char *value = config_get(c, key);

		if (value && *value)
			add(c, key, items, n);
	}
}

/* Lists "key = value" lines as items of their own: tools ask for one cgroup file's limit. */
static void add_lines(const char *text, struct config_item **items, size_t *n)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *eq = strstr(l, " = ");
		struct config_item *item;

		if (!eq || strncmp(l, "lxc.", 4) != 0)
			continue;
		*eq = '\0';
		item = ARRAY_ADD(*items, *n);
		item->key = xstrdup(l);
		item->value = xasprintf("%s\n", eq + 3);
	}
}

void config_list(struct lxc_container *c, struct config_item **ret, size_t *ret_n)
{
	_cleanup_free_ char *keys = get_keys(c, NULL);
	struct config_item *items = NULL;
	char *save = NULL;
	size_t n = 0;

	for (char *k = keys ? strtok_r(keys, "\n", &save) : NULL; k;
	     k = strtok_r(NULL, "\n", &save))
		add(c, k, &items, &n);
	for (size_t i = 0, known = n; i < known; i++)
		if (strstr(items[i].value, " = ") &&
		    strncmp(items[i].value, items[i].key, strlen(items[i].key)) == 0) {
			_cleanup_free_ char *text = xstrdup(items[i].value);

			add_lines(text, &items, &n);
		}
	add_nets(c, &items, &n);
	add_shares(c, &items, &n);
	*ret = items;
	*ret_n = n;
}

void config_items_free(struct config_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].key);
		free(items[i].value);
	}
	free(items);
}
