/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_BRIDGE_PORT_H
#define LXCCKPT_SYS_BRIDGE_PORT_H

/* What a bridge keeps for a port, and forgets when the port leaves: see link_settings.h. */

#include <stdbool.h>
#include <stddef.h>

#include "sys/link_settings.h"

int bridge_port_read(const char *link, link_setting_fn fn, void *userdata);

/* name: without "port." */
bool bridge_port_option_valid(const char *name, const char *value);
int bridge_port_option_apply(const char *link, const char *name, const char *value);

bool bridge_port_vlans_valid(const char *name, const char *value);
int bridge_port_vlans_apply(const char *link, const char *name, const char *value);

bool bridge_port_fdb_valid(const char *name, const char *value);
int bridge_port_fdb_apply(const char *link, const char *name, const char *value);

/* The longest number that the table has; -1: no number, or larger than max. Pure. */
long long setting_number(const char *text, unsigned long long max);

/* Ranges of VLANs, as in link_settings.h. Pure. */
struct vlan_range {
	unsigned short first, last, flags; /* BRIDGE_VLAN_INFO_PVID, _UNTAGGED */
};

/* Takes the next range from *text and moves it on; false: at the end, *text is then "", or bad. */
bool vlan_range_parse(const char **text, struct vlan_range *ret);
void vlan_range_append(char **text, const struct vlan_range *range);

#endif
