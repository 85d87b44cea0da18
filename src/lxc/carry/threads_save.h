/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_THREADS_SAVE_H
#define LXCCKPT_CARRY_THREADS_SAVE_H

#include "facts/facts.h"

/*
 * Fills the threads of facts, in the place of what was there, with those of the
 * container's that have something of their own that CRIU does not carry: which CPUs
 * they run on, how urgent their disk accesses are, how exact their timers, what of
 * them goes into a core dump. To be done while they stand still.
 */
void inspect_threads(struct container_facts *facts);

#endif
