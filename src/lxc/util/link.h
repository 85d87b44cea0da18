/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_LINK_H
#define LXCCKPT_UTIL_LINK_H

#include <stdbool.h>

/* Links of this network namespace, by what the kernel shows without netlink. */

bool link_is_up(const char *link);
bool link_is_on(const char *link, const char *bridge);

/*
 * Whether a bridge port has nothing set that it would lose by leaving its
 * bridge and coming back: no flag, priority, cost or VLAN of its own, and a
 * bridge that neither filters VLANs nor speaks STP.
 */
bool link_is_plain_port(const char *link, const char *bridge);

/* Makes it a port of the bridge, without another process. -errno. */
int link_attach(const char *link, const char *bridge);

/* By the program ip. */
void link_delete(const char *link);

#endif
