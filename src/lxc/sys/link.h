/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_H
#define LXCCKPT_SYS_LINK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Links of this network namespace, by their names: these are what CRIU and LXC know. What must not
 * meet another link of that name says the number too.
 */

bool link_is_up(const char *link);
bool link_is_on(const char *link, const char *bridge);
bool link_has_mac(const char *link, const char *mac);

/* The address of the link that has both the name and the number. Caller frees; NULL: none has. */
char *link_address(const char *link, unsigned int number);

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
/* Off whatever it is a port of. It being on nothing is no error. */
int link_detach(const char *link);
/*
 * Makes it what it is to be, all at once, and up, with ARP: mac as text or NULL, mtu or 0, bridge
 * or NULL leave what there is.
 */
int link_connect(const char *link, const char *mac, unsigned int mtu, const char *bridge);
int link_up_without_arp(const char *link);
/* To the network namespace of a process. */
int link_move(const char *link, pid_t pid);
/*
 * Deletes the link that has both the name and the number. The kernel gives the number of a link
 * that is gone to no other one by itself, while anybody may take the name.
 */
int link_delete(const char *link, unsigned int number);
/* The same of a veth, and only while it has that address; mac NULL: it may have any. */
int link_delete_veth(const char *link, unsigned int number, const char *mac);
/* Where the number is not known: deletes it only while it is down and on no bridge. */
int link_delete_unused(const char *link);

/* For what it gets from now on; 0 where there is no IPv6 on it. */
int link_disable_ipv6(const char *link);
/* Deletes its IPv6 addresses of this scope, including one that comes with its carrier. */
int link_flush_link_local(const char *link);

/* Waits until it can carry packets: 0, or -ETIMEDOUT. */
int link_wait_for_carrier(const char *link, int ms);

#endif
