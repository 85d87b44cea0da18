/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_NEXTHOPS_H
#define LXCCKPT_CARRY_NEXTHOPS_H

/*
 * Nexthop objects (`ip nexthop`), which systemd-networkd makes for the routes
 * that it gets by IPv6 router advertisements. CRIU does not carry them, and the
 * kernel does not take a route that goes by one as it has given it. So we carry
 * both, as the messages that make them: first the objects, then the routes.
 * They are made when the interfaces have a carrier, which the kernel demands.
 *
 * All of this is pure.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Turns what the kernel says of a nexthop, or of a route that goes by one, into
 * the request that makes it: a heap block of the length in its header. NULL for
 * any other message.
 */
struct nlmsghdr *nexthop_request(const struct nlmsghdr *said);

/* Whether these bytes are such a request, and nothing else. */
bool nexthop_request_valid(const void *bytes, size_t len);

/*
 * Takes the routes that go by a nexthop out of what `ip route save` has written,
 * in place, and returns the new length. What is no such file stays as it is.
 */
size_t nexthop_filter_saved(void *saved, size_t len);

#endif
