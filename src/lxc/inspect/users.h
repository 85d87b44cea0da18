/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_USERS_H
#define LXCCKPT_INSPECT_USERS_H

#include "facts/facts.h"
#include "util/error.h"

/* Fills idmaps of facts from the user namespace of the container's init. */
int inspect_users(struct container_facts *facts, struct error **reterr) _must_check_;

#endif
