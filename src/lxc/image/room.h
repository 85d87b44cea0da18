/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_ROOM_H
#define LXCCKPT_IMAGE_ROOM_H

#include <stdint.h>

#include "image/dir.h"
#include "util/error.h"

/*
 * Explains a failed checkpoint by a full disk, if that is the cause. CRIU's log is on the same
 * disk, and may end before the line that says so. Call it while the image still exists. memory: how
 * many bytes the container's memory takes at most; 0: unknown.
 */
void room_explain(const struct image *img, uint64_t memory, struct error **reterr);

#endif
