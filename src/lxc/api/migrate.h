/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_API_MIGRATE_H
#define LXCCKPT_API_MIGRATE_H

#include <lxc/lxccontainer.h>

/* struct lxc_container's ->migrate. 0, or not. */
int migrate_container(struct lxc_container *c, unsigned int cmd, struct migrate_opts *opts,
		      unsigned int size);

#endif
