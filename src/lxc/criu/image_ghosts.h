/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_GHOSTS_H
#define LXCCKPT_CRIU_IMAGE_GHOSTS_H

/*
 * Deleted files that processes have open are in CRIU's image as "ghosts". CRIU makes one
 * anew under its name with ".cr.N.ghost" behind it, for which a name of 245 bytes or more
 * leaves no room. The name is nothing but a text by then, so a long one is made shorter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pure. The files that a remap-fpath.img says are ghosts. Caller frees. */
uint32_t *criu_ghosts_read(const void *remaps, size_t len, size_t *ret_n);

/*
 * Pure. Whether a remap-fpath.img says that CRIU has made links to files that have other names,
 * "link_remap.N". A restore removes them once all of these files are open.
 */
bool criu_ghosts_have_links(const void *remaps, size_t len);

/*
 * Pure. In a files.img, in place: the name of each that is among ghosts has at most
 * CRIU_GHOST_NAME_MAX bytes, and is no other's. How many were changed.
 */
size_t criu_ghosts_shorten(void *files, size_t len, const uint32_t *ghosts, size_t n);

/*
 * Pure. In a remap-fpath.img, in place: what lies in a deleted folder stands before that folder.
 * CRIU removes what it has made anew in the order of this image, and a folder has to be empty.
 * Returns whether that was not so.
 */
bool criu_ghosts_order(void *remaps, size_t len, const void *files, size_t files_len);

/* With what CRIU puts behind it, and a number of eight digits, no longer than a name may be. */
#define CRIU_GHOST_NAME_MAX 236

#endif
