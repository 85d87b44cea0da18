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
 * What the config's value asks for, in bytes: "131072", or "auto". At least a page, and a
 * power of two, as LXC makes it. 0: no buffer, or no size.
 */
size_t ring_size(const char *text);

/* A buffer that is too large for the machine is none; memory is taken as it is written to. */
void ring_init(struct ring *r, size_t size);
void ring_free(struct ring *r);

/* The oldest bytes make room. */
void ring_write(struct ring *r, const char *buf, size_t len);

/* Copies at most max bytes, the oldest first, from off on; takes nothing out. Returns how many. */
size_t ring_copy(const struct ring *r, size_t off, char *buf, size_t max);

/* Takes out the oldest n, or all. */
void ring_drop(struct ring *r, size_t n);

#endif
