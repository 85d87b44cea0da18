/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_NETWORK_H
#define LXCCKPT_CRIU_IMAGE_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#define MAC_LEN 6

/*
 * Mends what CRIU has written of network namespaces in a way that it cannot restore itself,
 * in a directory that it has just written (at post-dump): a bridge that has lost its last port
 * has a MAC address of zeros, with which the kernel makes none. It gets another one.
 *
 * An image of another form than is known here is left as it is. 0 or -errno.
 */
int criu_network_mend(int dirfd);

/*
 * Pure. Gives mac, or one like it, to the bridges of a netdev-*.img that have none, in
 * place; how many.
 */
size_t criu_network_name_bridges(void *netdev, size_t len, const uint8_t mac[MAC_LEN]);

#endif
