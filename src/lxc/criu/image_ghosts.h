/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_GHOSTS_H
#define LXCCKPT_CRIU_IMAGE_GHOSTS_H

/*
 * Deleted files that processes have open are in CRIU's image as "ghosts". CRIU makes one
 * anew under its name with ".cr.N.ghost" behind it, for which a name of 245 bytes or more
 * leaves no space. The name is nothing but a text by then, so a long one is made shorter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "criu/protobuf.h"

/* Pure. The files that a remap-fpath.img says are ghosts. Caller frees. */
uint32_t *criu_ghosts_read(const void *remaps, size_t len, size_t *ret_n);

/*
 * Pure. What CRIU makes of them: each ghost once, under the name of the first of its files
 * ("/tmp/x.cr.1.ghost", with the ghost's number in it). Returns how many. Caller frees.
 */
struct criu_ghost_name {
	uint32_t file; /* in files.img */
	uint32_t ghost;
};
size_t criu_ghosts_names(const void *remaps, size_t len, struct criu_ghost_name **ret);

/* Contents of a ghost-file-*.img. The pointers are into the file's text. */
struct criu_ghost {
	unsigned int mode; /* st_mode */
	uint32_t rdev;
	struct bytes target; /* of a symbolic link */
	uint64_t size;	     /* of a regular file, whose content ... */
	bool in_chunks;
	struct bytes content; /* ... criu_ghost_take_chunk() takes apart */
};

/* Pure. false: it is of another form. */
bool criu_ghost_parse(const void *text, size_t len, struct criu_ghost *ret);

struct ghost_chunk {
	uint64_t offset; /* in the file */
	struct bytes data;
};

/*
 * Pure. Takes the next part of the content off the front of rest, which begins as content. A part
 * lies within the size. false: it was the last, or what follows is of another form.
 */
bool criu_ghost_take_chunk(const struct criu_ghost *ghost, struct bytes *rest,
			   struct ghost_chunk *ret);

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
