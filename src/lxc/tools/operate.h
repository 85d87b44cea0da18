/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_OPERATE_H
#define LXCCKPT_TOOLS_OPERATE_H

#include "lxccheckpoint.h"
#include "tools/arguments.h"

/* Each returns the library's result. *ret_status: the exit status if that is 0. */
int do_checkpoint(struct lxc_container *c, const struct arguments *a);
int do_check(struct lxc_container *c, const struct arguments *a);
int do_restore(struct lxc_container *c, const struct arguments *a, int *ret_status);

#endif
