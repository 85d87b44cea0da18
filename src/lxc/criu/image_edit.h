/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_EDIT_H
#define LXCCKPT_CRIU_IMAGE_EDIT_H

/* The files of an image directory, each by its name or all of a kind. */

#include <stddef.h>

/*
 * Has fn change the contents of one file in place, whose size stays. Does nothing where there is
 * no such file, or an empty one. No symbolic link is followed. 0 or -errno: -EFBIG for a file of
 * more than a GiB.
 */
int edit_image(int dirfd, const char *name, void (*fn)(void *image, size_t len, void *userdata),
	       void *userdata);

/*
 * Calls fn for each file whose name begins with prefix ("core-"; "": all), until fn returns
 * something else than 0. Returns that, or -errno.
 */
int each_image(int dirfd, const char *prefix,
	       int (*fn)(int dirfd, const char *name, void *userdata), void *userdata);

#endif
