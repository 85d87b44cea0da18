/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_LISTENER_H
#define LXCCKPT_INSPECT_LISTENER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The inode of the socket that listens on an abstract name (with its NUL in front) in this network
 * namespace. 0: nobody does, or it cannot be told who does.
 */
uint32_t listener_inode(const char *name, size_t len);

/* Pure. The same of a line of /proc/net/unix, without its newline; 0: it is another's. */
uint32_t listener_of_line(const char *line, size_t size, const char *name, size_t len);

#endif
