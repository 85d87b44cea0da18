/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_RING_H
#define LXCCKPT_MONITOR_RING_H

/* The last bytes of the console's output: lxc.console.buffer.size. Does no I/O. */

#include <stddef.h>

struct ring {
	char *buf; /* NULL: there is none */
	size_t size;
	size_t start, used;
};

/*
 * Parses the configured size, in bytes: "131072", or "auto". Rounds it as LXC does: at least a
 * page, and a power of two. 0: no buffer, or not a size.
 */
size_t ring_size(const char *text);

/*
 * A size that is too large for the machine makes no buffer. Memory is allocated as it is written
 * to.
 */
void ring_init(struct ring *r, size_t size);
void ring_free(struct ring *r);

/* Appends; overwrites the oldest bytes. */
void ring_write(struct ring *r, const char *buf, size_t len);

/* Copies at most max bytes, the oldest first, from off on; removes nothing. Returns the number. */
size_t ring_copy(const struct ring *r, size_t off, char *buf, size_t max);

/* Removes the oldest n bytes, or all. */
void ring_drop(struct ring *r, size_t n);

#endif
