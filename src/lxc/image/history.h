/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_HISTORY_H
#define LXCCKPT_IMAGE_HISTORY_H

/*
 * A file beside a checkpoint: when it was restored, a line for each time, as in
 * the manifest: "2026-01-31T12:00:00Z". It is not part of the checkpoint.
 */

#include <stddef.h>

#include "util/mem.h"

#define HISTORY_NAME "restored"

/* Adds now. 0 or -errno. */
int history_add(int dirfd);

/* The times, the last one last; none where there is no such file. Of path, for messages. */
void history_read(int dirfd, const char *path, struct strv *ret);

/* Pure. What is no time is left out. */
void history_parse(char *text, struct strv *ret);

#endif
