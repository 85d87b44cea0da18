/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_LISTENER_H
#define LXCCKPT_INSPECT_LISTENER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The inode of the socket that listens on an abstract name (with its leading NUL) in this network
 * namespace. 0: nobody listens, or the listener is unknown.
 */
uint32_t listener_inode(const char *name, size_t len);

/* Pure. The same for a line of /proc/net/unix, without its newline; 0: another socket. */
uint32_t listener_of_line(const char *line, size_t size, const char *name, size_t len);

#endif
