/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_SHOW_FINDINGS_H
#define LXCCKPT_TOOLS_SHOW_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "lxccheckpoint.h"

struct check_request {
	const char *directory;
	bool restore; /* of a restore, not of a checkpoint */
	const char *force;
	bool stop, replace;
	bool quiet; /* print nothing */
};

/*
 * lxc_checkpoint_check(), with what it finds on stdout; returns what that returns. JSON is
 * printed where quiet is set, too: it was asked for.
 */
int check_as_text(struct lxc_container *c, const struct check_request *q);
int check_as_json(struct lxc_container *c, const struct check_request *q);

/* The same object before anything is known. name may be NULL. */
void check_describe(json_t *object, const char *name, bool restore);

/* lxc_restore_options.found: a warning on stderr. */
void warn_of_finding(const struct lxc_checkpoint_finding *f, void *userdata);

#endif
