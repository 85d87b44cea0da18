/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_DESCRIBE_H
#define LXCCKPT_IMAGE_DESCRIBE_H

#include "image/dir.h"

/* Returns a checkpoint's description as JSON text: see lxc_checkpoint_describe(). Caller frees. */
char *image_describe(const struct image *img, const struct manifest *m);

#endif
