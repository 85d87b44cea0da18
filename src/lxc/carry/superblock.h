/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SUPERBLOCK_H
#define LXCCKPT_CARRY_SUPERBLOCK_H

/*
 * Which filesystem it is that a block device holds. A superblock is read as what the
 * kernel says was mounted, never guessed.
 */

#include <stddef.h>

/* All that is looked at lies in so many bytes from the device's beginning. */
#define SUPERBLOCK_BYTES (128 * 1024)

/*
 * Pure. "uuid:WORD", "serial:WORD", or of a filesystem that never changes and has
 * neither "sum:WORD", a checksum of its superblock. NULL: the bytes are no filesystem of
 * that type (as mountinfo has it, "ext4"), it has nothing to be told by, or the type is not
 * known here. Caller frees.
 */
char *superblock_identity(const char *type, const void *bytes, size_t len);

/* The UUID in an identity; NULL where it is none. Not copied. */
const char *superblock_uuid(const char *identity);

#endif
