/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_NICS_H
#define LXCCKPT_INSPECT_NICS_H

#include "facts/facts.h"
#include "util/error.h"

/* Fills nics of facts: every link except lo in the network namespace of init_pid. */
int inspect_nics(struct container_facts *facts, struct error **reterr) _must_check_;

#endif
