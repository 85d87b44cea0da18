/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_SETTINGS_H
#define LXCCKPT_INSPECT_SETTINGS_H

/*
 * A container's config, read once for an operation. Everybody else looks items up in the list:
 * nobody asks liblxc, or the container's monitor, for an item of its own.
 */

#include <lxc/lxccontainer.h>
#include <stdbool.h>

#include "facts/config_item.h"
#include "util/error.h"

struct settings {
	/* the caller's object: the config file as it is now, and what the caller has set */
	struct config_item *items;
	size_t n;
	/* of a running container a few items as it was started with: see started_keys[] */
	struct config_item *started;
	size_t n_started;
	bool is_running;
};

/* The kinds of lxc.namespace.share.KIND; NULL-terminated. */
extern const char *const settings_shares[];

/*
 * Every item that has a value in the caller's object, as liblxc's getter prints it: what a
 * monitor answers to GET_CONFIG_ITEM.
 */
void settings_read(struct lxc_container *c, struct settings *ret);

/* The same of a running container, whose monitor is asked too. */
int settings_read_running(struct lxc_container *c, struct settings *ret, struct error **reterr);

/*
 * An item's value, from where it counts; NULL where it is not set. It is valid as long as the
 * list is.
 */
const char *settings_get(const struct settings *s, const char *key);

void settings_clear(struct settings *s);
#define _cleanup_settings_ __attribute__((cleanup(settings_clear)))

#endif
