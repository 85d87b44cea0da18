/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_ROOM_H
#define LXCCKPT_IMAGE_ROOM_H

#include <stdint.h>

#include "image/dir.h"
#include "util/error.h"

/*
 * Says of a failed checkpoint that its disk is full, where that is the cause. CRIU's log
 * is on that disk too: it may end before the line that says so. To be asked while the image
 * is still there. memory: bytes that the container's memory takes up to; 0: unknown.
 */
void room_explain(const struct image *img, uint64_t memory, struct error **reterr);

#endif
