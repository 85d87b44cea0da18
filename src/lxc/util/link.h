/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_LINK_H
#define LXCCKPT_UTIL_LINK_H

#include <stdbool.h>
#include <sys/types.h>

/* Links of this network namespace, by what the kernel shows of them. */

bool link_is_up(const char *link);
bool link_is_on(const char *link, const char *bridge);

/*
 * Whether a bridge port has nothing set that it would lose by leaving its
 * bridge and coming back: no flag, priority, cost or VLAN of its own, and a
 * bridge that neither filters VLANs nor speaks STP.
 */
bool link_is_plain_port(const char *link, const char *bridge);

/*
 * Changes, each made by the kernel before it returns and without another process:
 * a command cleans up where there may be none. 0 or -errno; -ENODEV: no such link.
 */

/* Makes it a port of the bridge, or of whatever else has ports. Done already is no error. */
int link_attach(const char *link, const char *bridge);
int link_up_without_arp(const char *link);
/* To the network namespace of a process. */
int link_move(const char *link, pid_t pid);
int link_delete(const char *link);

#endif
