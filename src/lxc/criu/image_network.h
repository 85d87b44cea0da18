/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_NETWORK_H
#define LXCCKPT_CRIU_IMAGE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_LEN 6

/*
 * A bridge that has lost its last port has a MAC address of zeros in CRIU's image, with which the
 * kernel makes none. It gets another one.
 */

/*
 * Pure. Gives mac, or one like it, to the bridges of a netdev-*.img that have none, in
 * place; how many. An image of another form than is known here is left as it is.
 */
size_t criu_network_name_bridges(void *netdev, size_t len, const uint8_t mac[MAC_LEN]);

/* A MAC address that no manufacturer gives; false: there is no randomness. */
bool criu_network_make_mac(uint8_t ret[MAC_LEN]);

#endif
