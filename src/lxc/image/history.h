/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_HISTORY_H
#define LXCCKPT_IMAGE_HISTORY_H

/*
 * A file beside a checkpoint with the times of its restores, one a line, in the manifest's format:
 * "2026-01-31T12:00:00Z". It is not part of the checkpoint.
 */

#include <stddef.h>

#include "util/mem.h"

#define HISTORY_NAME "restored"

/* Adds the current time. Returns 0 or -errno. */
int history_add(int dirfd);

/* Reads the times in order; none if there is no such file. path is for messages. */
void history_read(int dirfd, const char *path, struct strv *ret);

/* Pure. Ignores lines that are not a time. */
void history_parse(char *text, struct strv *ret);

#endif
