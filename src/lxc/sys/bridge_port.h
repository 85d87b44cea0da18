/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_BRIDGE_PORT_H
#define LXCCKPT_SYS_BRIDGE_PORT_H

/*
 * The settings that a bridge keeps for a port, and forgets when the port leaves. link_settings.h
 * describes the values.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "sys/link_settings.h"
#include "sys/setting_text.h"

struct bridge_port {
	unsigned int number; /* of the link; 0: it is no port of a bridge */
	unsigned char mac[MAC_LEN];
};

/* The options, from the kernel's answer about a link, and whether the link is a port. */
void bridge_port_take(const struct nlmsghdr *link, struct bridge_port *ret, link_setting_fn fn,
		      void *userdata);

/* The VLANs and static entries of a port. Returns 0 or -errno. */
int bridge_port_read_tables(int sock, const char *link, const struct bridge_port *port,
			    link_setting_fn fn, void *userdata);

struct rtattr;

/* Whether the data of a port differ from those of a new one. */
bool bridge_port_has_options(const struct rtattr *data);

/* name: without "port." */
bool bridge_port_option_valid(const char *name, const char *value);
int bridge_port_option_apply(const char *link, const char *name, const char *value);

bool bridge_port_vlans_valid(const char *name, const char *value);
int bridge_port_vlans_apply(const char *link, const char *name, const char *value);

bool bridge_port_fdb_valid(const char *name, const char *value);
int bridge_port_fdb_apply(const char *link, const char *name, const char *value);

/* Ranges of VLANs, as in link_settings.h. Pure. */
struct vlan_range {
	unsigned short first, last, flags; /* BRIDGE_VLAN_INFO_PVID, _UNTAGGED */
};

/* Takes the next range from *text and moves it on; false: at the end, *text is then "", or bad. */
bool vlan_range_parse(const char **text, struct vlan_range *ret);
void vlan_range_append(char **text, const struct vlan_range *range);

#endif
