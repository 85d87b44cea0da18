/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_H
#define LXCCKPT_SYS_LINK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Links of this network namespace, by name, as CRIU and LXC know them. Functions that must not
 * affect another link of that name also take the number.
 */

bool link_is_up(const char *link);
/* bridge NULL: on any. */
bool link_is_on(const char *link, const char *bridge);
bool link_has_mac(const char *link, const char *mac);

/* The address of the link with this name and number. Caller frees; NULL: there is none. */
char *link_address(const char *link, unsigned int number);

/*
 * Whether a port of this bridge loses nothing but its own settings by leaving it and coming back:
 * the bridge neither filters VLANs nor speaks STP.
 */
bool link_is_plain_bridge(const char *bridge);

/*
 * Changes, which the kernel makes before they return, without another process: a command may be
 * unable to fork when it cleans up. Each returns 0 or -errno; -ENODEV: no such link.
 */

/*
 * Makes it a port of the bridge, or of another kind of master. It is no error if it already is one.
 */
int link_attach(const char *link, const char *bridge);
/* Removes it from its master. It is no error if it has none. */
int link_detach(const char *link);
/*
 * Configures it, and sets it up, with ARP. With hold the bridge passes no packet to or from it
 * until link_release(): a bridge does not forward by a port that is dormant, while the other end
 * of a veth keeps its carrier.
 */
struct link_connection {
	const char *mac;    /* NULL: the old one */
	unsigned int mtu;   /* 0: the old one */
	const char *bridge; /* NULL: none */
	bool hold;
};

int link_connect(const char *link, const struct link_connection *c);
int link_release(const char *link);
int link_down(const char *link);
int link_up_without_arp(const char *link);
/* Moves it to the network namespace of a process. */
int link_move(const char *link, pid_t pid);
/*
 * Deletes the link with this name and number. The kernel never reuses the number of a deleted link
 * by itself, while anybody may take the name.
 */
int link_delete(const char *link, unsigned int number);
/* The same for a veth, and only if it has that address; mac NULL: any. */
int link_delete_veth(const char *link, unsigned int number, const char *mac);
/* If the number is unknown: deletes it only while it is down and on no bridge. */
int link_delete_unused(const char *link);

/*
 * Whether a macvlan with that MAC address can be used on a link of the host: makes one in the
 * caller's network namespace, up, and deletes it again. host: a socket in the host's. Returns 0 or
 * -errno; -EADDRINUSE: another one has the address, in whatever network namespace.
 */
int link_try_macvlan(int host, const char *parent, const char *mac);

/* Disables IPv6 for addresses from now on; 0 too if it has no IPv6. */
int link_disable_ipv6(const char *link);
/* Deletes its IPv6 addresses of this scope, including one that appears with its carrier. */
int link_flush_link_local(const char *link);

/* Waits until it can carry packets. Returns 0 or -ETIMEDOUT. */
int link_wait_for_carrier(const char *link, int ms);

#endif
