/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_FOLLOW_H
#define LXCCKPT_IMAGE_FOLLOW_H

/*
 * Nearly all of an image is pages, which CRIU only ever appends. A thread reads
 * them while CRIU still writes, so that their checksums are there when it is
 * done: it waits for nothing then, and nor does a container that stands still.
 */

#include <sys/stat.h>

#include "image/checksum.h"

struct follower;

/* NULL where there can be no thread; nothing depends on it. */
struct follower *follow_start(int dirfd);

/* Ends the thread, when it has read all that is there. */
void follow_stop(struct follower *f);

/*
 * After that: what was read of the file, from its beginning; NULL and 0 if nothing.
 * Caller frees.
 */
struct checksum *follow_take(struct follower *f, const struct stat *file, uint64_t *ret_len);

void follow_free(struct follower *f);

#endif
