/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_NEXTHOPS_SAVE_H
#define LXCCKPT_CARRY_NEXTHOPS_SAVE_H

#include "facts/facts.h"
#include "util/error.h"

/* Fills nexthops of facts with those of the container's network, and the routes by them. */
int inspect_nexthops(struct container_facts *facts, struct error **reterr);

#endif
