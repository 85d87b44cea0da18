/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_ROUTES_H
#define LXCCKPT_SYS_LINK_ROUTES_H

/*
 * The addresses, routes and neighbours of the host's end of a veth, as values of link_settings.h:
 *
 *   address     "10.0.5.1/32 peer 10.0.5.2 broadcast 10.0.5.3 scope 0 flags 128"
 *   route       "10.0.9.0/24 via 10.0.5.2 src 10.0.5.1 metric 5 table 254 proto 3 scope 253 type 1"
 *   neighbour   "10.0.5.2 lladdr 00:16:3e:00:00:01 flags 128", "10.0.5.2 proxy 1"
 *
 * Numbers are the kernel's. Words of a value may be missing, but for the first one.
 */

#include <stdbool.h>

#include "sys/link_settings.h"

int link_routes_read(const char *link, link_setting_fn fn, void *userdata);

/* name: one of the three. The first one is pure. */
bool link_route_valid(const char *name, const char *value);
int link_route_apply(const char *link, const char *name, const char *value);

#endif
