/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_FOLLOW_H
#define LXCCKPT_IMAGE_FOLLOW_H

/*
 * Nearly all of an image is pages, which CRIU only ever appends. A thread reads
 * them while CRIU still writes, so that their checksums are there when it is
 * done: it waits for nothing then, and nor does a container that stands still.
 */

#include <sys/stat.h>

#include "util/checksum.h"

struct follower;

/* NULL where there can be no thread; nothing depends on it. */
struct follower *follow_start(int dirfd);

/* Ends the thread, when it has read all that is there. */
void follow_stop(struct follower *f);

/*
 * After that: the sum of the file of that name, if it was read to its end and st is still the
 * same, as text. NULL otherwise. Caller frees.
 */
char *follow_sum(const struct follower *f, const char *name, const struct stat *st);

void follow_free(struct follower *f);

#endif
