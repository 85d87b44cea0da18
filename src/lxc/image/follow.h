/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_FOLLOW_H
#define LXCCKPT_IMAGE_FOLLOW_H

/*
 * Nearly all of an image is pages, to which CRIU only appends. A thread reads them while CRIU still
 * writes, so their checksums are ready when CRIU is done, and a frozen container need not wait for
 * them.
 */

#include <sys/stat.h>

#include "util/checksum.h"

struct follower;

/* NULL: no thread can be started. Nothing depends on it. */
struct follower *follow_start(int dirfd);

/* Ends the thread when it has read everything. */
void follow_stop(struct follower *f);

/*
 * Afterwards: returns the checksum of a file as text, if the thread read it to its end and st is
 * unchanged; else NULL. Caller frees.
 */
char *follow_sum(const struct follower *f, const char *name, const struct stat *st);

void follow_free(struct follower *f);

#endif
