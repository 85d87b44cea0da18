/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_IP_SAVED_H
#define LXCCKPT_CARRY_IP_SAVED_H

/*
 * What `ip address save`, `ip route save` and `ip rule save` write: CRIU keeps the addresses,
 * routes and rules of a network namespace so. lxc-checkpoint-ip writes the same form, and more in
 * it: routes of all tables, with permanent neighbours behind them, and the rules of IPv6 behind
 * those of IPv4. The kernel does not take all of it back as it has given it:
 *
 * an IPv6 address is tentative until nobody else was found to have it, for which the link
 * needs a carrier, and no connection can be bound to it until then;
 *
 * a route by a link without carrier says so in its flags (RTNH_F_LINKDOWN), which nobody may set.
 *
 * So the restore makes the requests anew from the messages. All of this is pure.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

/* The magic number before the messages. */
#define IP_SAVED_ROUTES	   0x45311224
#define IP_SAVED_ADDRESSES 0x47361222
#define IP_SAVED_RULES	   0x71706986

/* Whether it begins with that word. */
bool ip_saved_is(const void *saved, size_t len, unsigned int magic);

/*
 * Whether an image is to have this message of the kernel's: addresses and rules, routes that the
 * kernel does not make by itself, and permanent neighbours (of proxied ones the kernel forgets all
 * when a link loses its carrier, which it does after CRIU has made it). Routes by a nexthop object
 * are nexthops.h's. family: AF_UNSPEC for any.
 */
bool ip_saved_wants(const struct nlmsghdr *m, int family);

/* The family of one that is kept. */
int ip_saved_family(const struct nlmsghdr *m);

/*
 * The message at *offset, which begins as 0 and is moved on; NULL at the end, and before
 * anything that is no whole message. saved is aligned as malloc() does it.
 */
struct nlmsghdr *ip_saved_next(void *saved, size_t len, size_t *offset);

/* Clears the flags of routes, and of their nexthops, which the kernel does not take, in place. */
void ip_saved_mend_routes(void *saved, size_t len);

/*
 * The request that makes the address, route, rule or neighbour of a message: a heap block of the
 * length in its header. NULL for any other message.
 */
struct nlmsghdr *ip_saved_request(const struct nlmsghdr *said);

bool ip_saved_is_ipv6_address(const struct nlmsghdr *m);

/* Has an IPv6 address that was a good one be good at once; whether this has changed the request. */
bool ip_saved_skip_dad(struct nlmsghdr *request);

/* Makes it the request that takes the mark of the above from the address again. */
void ip_saved_unskip_dad(struct nlmsghdr *request);

/* Routes are made in the order of these numbers, 0 to 2: those by a gateway when there is a way to
 * it. */
#define IP_SAVED_RANKS 3
int ip_saved_rank(const struct nlmsghdr *route);

/*
 * Takes the nexthops by links that are not up out of a route with several; false where none
 * is left, or none was taken.
 */
bool ip_saved_drop_nexthops(struct nlmsghdr *request, bool (*is_up)(int ifindex));

#endif
