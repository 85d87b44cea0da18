/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads a container's configuration. Only this file asks liblxc for items, and decides which items
 * come from the running container's monitor instead. Runs in the caller's process, in the host's
 * namespaces, and changes nothing.
 */
#include "config.h"

#include <string.h>

#include "inspect/asking.h"
#include "inspect/settings.h"
#include "util/mem.h"

#define NETS_MAX 1024 /* numbers may have gaps; more are unlikely */

const char *const settings_shares[] = {"net", "ipc",	"uts",	"pid", "user",
				       "mnt", "cgroup", "time", NULL};

/*
 * Items whose value at the start of the container counts, whatever the file says by now: they
 * decide about its namespaces and storage. So do those of settings_shares[].
 */
static const char *const started_keys[] = {"lxc.ephemeral"};

#define SHARE_PREFIX "lxc.namespace.share."

/* The text that liblxc prints, down to the "(null)" of an unset string. */
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
	_cleanup_free_ char *types = get_raw(c, "lxc.net");
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

/* liblxc lists one key for all of them, which cannot be asked for. */
static void add_shares(struct lxc_container *c, struct config_item **items, size_t *n)
{
	for (const char *const *kind = settings_shares; *kind; kind++) {
		_cleanup_free_ char *key = xasprintf(SHARE_PREFIX "%s", *kind);
		size_t before = *n;

		add(c, key, items, n);
		if (*n > before && !config_item_value(*items, *n, key)) {
			(*n)--;
			free((*items)[*n].key);
			free((*items)[*n].value);
		}
	}
}

/* Makes an item of each "key = value" line: tools ask for the limit of one cgroup file. */
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

/* "lxc.cgroup2" and the like: the value has a line for each of many keys. */
static void add_all_lines(struct config_item **items, size_t *n)
{
	for (size_t i = 0, known = *n; i < known; i++) {
		const struct config_item *item = &(*items)[i];
		_cleanup_free_ char *text = NULL;

		if (!strstr(item->value, " = ") ||
		    strncmp(item->value, item->key, strlen(item->key)) != 0)
			continue;
		text = xstrdup(item->value);
		add_lines(text, items, n);
	}
}

void settings_read(struct lxc_container *c, struct settings *ret)
{
	_cleanup_free_ char *keys = get_keys(c, NULL);
	struct settings s = {0};
	char *save = NULL;

	for (char *k = keys ? strtok_r(keys, "\n", &save) : NULL; k;
	     k = strtok_r(NULL, "\n", &save))
		add(c, k, &s.items, &s.n);
	add_all_lines(&s.items, &s.n);
	add_nets(c, &s.items, &s.n);
	add_shares(c, &s.items, &s.n);
	*ret = s;
}

/* --- as it was started --- */

static int ask(struct lxc_container *c, const char *key, struct settings *s, struct error **reterr)
{
	char *value = NULL;
	int r = asked_config(c, key, &value, reterr);

	if (r == 0 && value)
		*ARRAY_ADD(s->started, s->n_started) = (struct config_item){
			.key = xstrdup(key),
			.value = value,
		};
	return r;
}

static bool is_started_key(const char *key)
{
	size_t len = strlen(SHARE_PREFIX);

	for (size_t i = 0; i < sizeof(started_keys) / sizeof(started_keys[0]); i++)
		if (strcmp(started_keys[i], key) == 0)
			return true;
	return strncmp(key, SHARE_PREFIX, len) == 0;
}

int settings_read_running(struct lxc_container *c, struct settings *ret, struct error **reterr)
{
	_cleanup_settings_ struct settings s = {0};
	int r = 0;

	settings_read(c, &s);
	s.is_running = true;
	for (size_t i = 0; r == 0 && i < sizeof(started_keys) / sizeof(started_keys[0]); i++)
		r = ask(c, started_keys[i], &s, reterr);
	for (const char *const *kind = settings_shares; r == 0 && *kind; kind++) {
		_cleanup_free_ char *key = xasprintf(SHARE_PREFIX "%s", *kind);

		r = ask(c, key, &s, reterr);
	}
	if (r < 0)
		return r;
	*ret = s;
	s = (struct settings){0};
	return 0;
}

const char *settings_get(const struct settings *s, const char *key)
{
	if (s->is_running && is_started_key(key))
		return config_item_value(s->started, s->n_started, key);
	return config_item_value(s->items, s->n, key);
}

void settings_clear(struct settings *s)
{
	config_items_free(s->items, s->n);
	config_items_free(s->started, s->n_started);
	*s = (struct settings){0};
}
