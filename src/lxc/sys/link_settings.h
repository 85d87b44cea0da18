/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_SETTINGS_H
#define LXCCKPT_SYS_LINK_SETTINGS_H

/*
 * The settings of a link that differ from those of a new one, as names and values:
 *
 *   ipv4.NAME, ipv6.NAME    net.ipv4.conf.LINK.NAME, net.ipv6.conf.LINK.NAME
 *   alias, altname, group, txqueuelen, mtu   of the link (altname: any number)
 *   gso_max_size, ...       sizes of segments: also gso_max_segs, gro_max_size, gso_ipv4_max_size,
 *                           gro_ipv4_max_size
 *   queues                  in use, of receiving and of sending: "4:1"
 *   port.NAME               of a bridge port: port.isolated, port.hairpin, ...
 *   vlans                   all VLANs of a bridge port: "none", or ranges with flags,
 *                           "1:pvid:untagged,10-20"
 *   fdb                     a static entry of a bridge's table for this port (any number):
 *                           "00:16:3e:00:00:01 vlan 5 static sticky"
 *   address, route, neighbour   of the link (any number), see link_routes.h
 *
 * The names and the form of the values do not depend on the kernel.
 */

#include <stdbool.h>

#include "sys/link_sysctls.h"

#define LINK_SETTING_MAX (64 * 1024) /* of a value */

typedef void (*link_setting_fn)(const char *name, const char *value, void *userdata);

/*
 * Calls fn for each setting of a link of this network namespace that differs from a new link's.
 * mtu: what a restore gives the link anyway. usual: see
 * link_sysctls.h. Returns 0 or -errno.
 */
int link_settings_read(const char *link, unsigned int mtu, struct link_usual *usual,
		       link_setting_fn fn, void *userdata);

/* Whether the kernel can be given this; pure. */
bool link_setting_valid(const char *name, const char *value);

/* Gives the setting to a link. Returns 0 or -errno; -EOPNOTSUPP: this kernel lacks it. */
int link_setting_apply(const char *link, const char *name, const char *value);

/* Whether a port loses the setting when it leaves its bridge. */
bool link_setting_is_of_port(const char *name);

/* Whether it is to be given before the link is up. */
bool link_setting_is_early(const char *name);

#endif
