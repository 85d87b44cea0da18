/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IP_SAVED_H
#define LXCCKPT_IP_SAVED_H

/*
 * What `ip address save` and `ip route save` have written: CRIU keeps the addresses and routes
 * of a network namespace so. The kernel does not take all of it back as it has given it:
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

/* What is written before the messages. */
#define IP_SAVED_ROUTES	   0x45311224
#define IP_SAVED_ADDRESSES 0x47361222

/* Whether it begins with that word. */
bool ip_saved_is(const void *saved, size_t len, unsigned int magic);

/*
 * The message at *offset, which begins as 0 and is moved on; NULL at the end, and before
 * anything that is no whole message. saved is aligned as malloc() does it.
 */
struct nlmsghdr *ip_saved_next(void *saved, size_t len, size_t *offset);

/* Clears the flags of routes, and of their nexthops, which the kernel does not take, in place. */
void ip_saved_mend_routes(void *saved, size_t len);

/*
 * The request that makes the address or the route of a message: a heap block of the length
 * in its header. NULL for any other message.
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
