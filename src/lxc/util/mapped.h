/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_MAPPED_H
#define LXCCKPT_UTIL_MAPPED_H

#include <stddef.h>
#include <stdint.h>

/*
 * A whole file of any size, to be read in memory. For files that only root can write: one that is
 * cut short meanwhile ends the reader (SIGBUS).
 */
struct mapped {
	const uint8_t *p; /* NULL: there is none, or it is empty */
	size_t len;
};

/* name: below dirfd, which may be AT_FDCWD; a symlink in the place of the file is not followed. */
struct mapped map_file(int dirfd, const char *name);
void mapped_clear(struct mapped *m);
#define _cleanup_mapped_ __attribute__((cleanup(mapped_clear)))

#endif
