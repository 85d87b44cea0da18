/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_SHOW_FINDINGS_H
#define LXCCKPT_TOOLS_SHOW_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "lxccheckpoint.h"

/*
 * Both call lxc_checkpoint_check(), print its findings on stdout, and return its result. They set
 * the callbacks of o; the caller sets the rest. quiet: print nothing.
 */
int check_as_text(struct lxc_container *c, struct lxc_checkpoint_check_options *o, bool quiet);
int check_as_json(struct lxc_container *c, struct lxc_checkpoint_check_options *o);

/* The same object, still without results. name may be NULL. */
void check_describe(json_t *object, const char *name, bool restore);

/* lxc_restore_options.found: a warning on stderr. */
void warn_of_finding(const struct lxc_checkpoint_finding *f, void *userdata);

#endif
