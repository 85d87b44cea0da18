/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_OPERATION_H
#define LXCCKPT_OPERATION_H

/*
 * One operation on a container at a time, in whatever directories. The lock is
 * a file in the runtime directory, and is held by CRIU too, so that it lasts as
 * long as something works on the container. The file says which network is
 * detached meanwhile: should all who knew be killed, the next operation on the
 * container puts it back before it does anything else.
 */

#include <lxc/lxccontainer.h>

#include "util/error.h"

struct operation {
	int fd; /* >= 3; the lock; -1: none */
	char *path;
};

/* Refuses when another is under way. */
int operation_begin(struct lxc_container *c, struct operation *ret, struct error **reterr);

/* What to put back; a network file's text, see image/network.h. */
int operation_set_network(struct operation *op, const char *network, struct error **reterr);

void operation_end(struct operation *op);

#endif
