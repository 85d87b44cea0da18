/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LXCCONTAINER_H
#define LXCCKPT_LXCCONTAINER_H

/* The two operations with the error kept for lxc_checkpoint_error(). 0 or -enum
 * lxc_checkpoint_error. */

#include "flow/dump.h"
#include "flow/restore.h"
#include "lxccheckpoint.h"

int container_dump(struct lxc_container *c, const struct dump_options *o);
int container_restore(struct lxc_container *c, struct restore_options *o, int *ret_status);

#endif
