/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_IMAGE_PLACE_H
#define LXCCKPT_IMAGE_IMAGE_PLACE_H

/* The directory of a container's checkpoint, where somebody named a directory that may be shared.
 */

#include <stdbool.h>

#include "image/manifest.h"

struct image_place {
	char *path;
	bool shared; /* a subdirectory, because the named directory holds other things as well */
};

/*
 * For a checkpoint. It goes into the directory itself if that is missing or empty, or holds only
 * a checkpoint of this container or what an unfinished one left; otherwise into the subdirectory
 * of the container's name. Makes and locks nothing. Caller clears.
 */
void image_place_for(const char *directory, const char *name, struct image_place *ret);

/* For a restore: the subdirectory, if it holds a checkpoint; else the directory. Caller frees. */
char *image_place_of(const char *directory, const char *name);

/* Pure. Whether a subdirectory can have the name of that container. */
bool image_place_has_name(const char *name);

/* Pure. Whether a checkpoint makes files of that name, apart from an action script's. */
bool image_place_is_known(const char *name);

/*
 * Whether the directory holds anything that is not part of a checkpoint: neither known nor listed.
 * m NULL: there is no manifest, and only what an unfinished checkpoint left is known.
 */
bool image_place_has_others(int dirfd, const struct manifest *m);

/* Whether an entry of such a directory belongs to somebody else. */
bool image_place_is_other(int dirfd, const char *name, const struct manifest *m);

void image_place_clear(struct image_place *p);
#define _cleanup_image_place_ __attribute__((cleanup(image_place_clear)))

#endif
