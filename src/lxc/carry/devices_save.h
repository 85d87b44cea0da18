/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_DEVICES_SAVE_H
#define LXCCKPT_CARRY_DEVICES_SAVE_H

#include "facts/facts.h"

/*
 * Fills the device programs of facts: what the container's cgroup has now, which
 * is the config's rules and whatever was added while it ran. cgroup: cgroup2_open()'s.
 * What cannot be read is an obstacle.
 */
void inspect_devices(struct container_facts *facts, int cgroup);

#endif
