/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_SETTINGS_H
#define LXCCKPT_INSPECT_SETTINGS_H

/*
 * A container's configuration, read once for an operation. All other code looks items up in this
 * list, and asks neither liblxc nor the container's monitor.
 */

#include <lxc/lxccontainer.h>
#include <stdbool.h>

#include "facts/config_item.h"
#include "util/error.h"

struct settings {
	/* the caller's object: the current configuration file, and what the caller has set */
	struct config_item *items;
	size_t n;
	/* of a running container: a few items with their values at its start, see started_keys[] */
	struct config_item *started;
	size_t n_started;
	bool is_running;
};

/* The kinds of lxc.namespace.share.KIND; NULL-terminated. */
extern const char *const settings_shares[];

/*
 * Every item with a value in the caller's object, as liblxc's getter prints it: a monitor answers
 * GET_CONFIG_ITEM with these.
 */
void settings_read(struct lxc_container *c, struct settings *ret);

/* The same for a running container; asks its monitor too. */
int settings_read_running(struct lxc_container *c, struct settings *ret,
			  struct error **reterr) _must_check_;

/* The effective value of an item; NULL: not set. Valid as long as the list. */
const char *settings_get(const struct settings *s, const char *key);

void settings_clear(struct settings *s);
#define _cleanup_settings_ __attribute__((cleanup(settings_clear)))

#endif
