/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_IN_USE_H
#define LXCCKPT_IMAGE_IN_USE_H

#include "util/error.h"

/*
 * Refuses because another process has locked the directory path, open as fd, and names it. Returns
 * -EBUSY.
 */
int image_refuse_in_use(int fd, const char *path, struct error **reterr) _must_check_;

#endif
