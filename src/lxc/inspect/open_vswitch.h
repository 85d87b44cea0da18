/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_OPEN_VSWITCH_H
#define LXCCKPT_INSPECT_OPEN_VSWITCH_H

#include "facts/facts.h"
#include "inspect/settings.h"

/* Adds the container's NICs that are ports of Open vSwitch to those that are not carried. */
void inspect_open_vswitch(const struct settings *settings, struct container_facts *facts);

/* Pure. The configuration has a veth on a link of the host that is not a bridge of the kernel. */
bool asks_for_open_vswitch(const struct settings *settings, bool (*is_bridge)(const char *link));

#endif
