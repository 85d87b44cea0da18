/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_API_LAST_ERROR_H
#define LXCCKPT_API_LAST_ERROR_H

/* The texts of lxc_checkpoint_error(): one for each container, by its address. */

#include <lxc/lxccontainer.h>

#include "util/error.h"

/* NULL: the last operation did not fail. */
void last_error_set(struct lxc_container *c, const struct error *e);
const char *last_error_get(struct lxc_container *c);

/* Its message and its hint alone, each in one line. */
const char *last_error_reason(struct lxc_container *c);
const char *last_error_hint(struct lxc_container *c);

#endif
