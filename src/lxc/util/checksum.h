/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_CHECKSUM_H
#define LXCCKPT_UTIL_CHECKSUM_H

/*
 * XXH3-128, as `xxh128sum` prints it. It detects damage, not an attack; an attacker cannot write to
 * an image.
 */

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_LEN 32 /* hexadecimal digits */

struct checksum; /* of bytes that come one after the other */

struct checksum *checksum_new(void);
void checksum_add(struct checksum *c, const void *data, size_t len);

/* Adds the bytes of the file from one offset to another. -ENODATA: the file is shorter. */
int checksum_add_file(struct checksum *c, int fd, uint64_t from, uint64_t to);

/* The checksum of everything added so far. Caller frees. */
char *checksum_text(const struct checksum *c);
void checksum_free(struct checksum *c);

/*
 * The checksum of a file's first size bytes, computed by as many threads as there are CPUs. Caller
 * frees *ret. Returns 0 or -errno; -ENODATA: the file is shorter.
 */
int checksum_of_file(int fd, uint64_t size, char **ret);

/* The checksum of one piece. Caller frees. */
char *checksum_of(const void *data, size_t len);

static inline void checksum_freep(struct checksum **c)
{
	checksum_free(*c);
}
#define _cleanup_checksum_ __attribute__((cleanup(checksum_freep)))

#endif
