/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_NESTED_NICS_H
#define LXCCKPT_INSPECT_NESTED_NICS_H

#include "facts/facts.h"

/*
 * Finds links that CRIU cannot make again in the network namespaces besides that of init, whose
 * links and namespaces are known.
 */
void inspect_nested_nics(struct container_facts *facts);

#endif
