/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_SOCKETS_H
#define LXCCKPT_CRIU_IMAGE_SOCKETS_H

/*
 * TCP connections in CRIU's image whose peer has closed its side (CLOSE_WAIT and what follows).
 * CRIU restores them as connections that are open, and then sends each a made-up FIN of its peer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct half_closed {
	uint32_t inode; /* of the socket, as in the name of its tcp-stream-*.img */
	bool ipv6;	/* or a socket of that family with IPv4 addresses */
};

/* Whether there are such connections in an image directory, and any of IPv6. */
bool criu_sockets_closed_by_peer(int dirfd, bool *ret_ipv6);

/* The parts, pure: of the text of files.img; their number. Caller frees. */
size_t criu_sockets_half_closed(const void *files, size_t len, struct half_closed **ret);

/*
 * ... and of a tcp-stream-*.img, in place; whether it was mended. CRIU gives its FIN the window
 * that the container's own side had, cut to 16 bits. With 65536, a usual one, that is a window of
 * zero: whatever the container sends waits seconds for a probe. After this it is the peer's window.
 */
bool criu_sockets_mend_window(void *stream, size_t len);

#endif
