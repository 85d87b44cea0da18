/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_KINDS_H
#define LXCCKPT_CRIU_IMAGE_KINDS_H

/*
 * Which kinds of files the processes in an image have open, as far as something is done about them
 * at a restore: of a kind that is not there none is looked for among all of their descriptors.
 */

#include <stdbool.h>
#include <stddef.h>

struct criu_kinds {
	bool timers;   /* that are files */
	bool pressure; /* files with such a name */
};

/* Both, where the image is of another form than is known here. */
struct criu_kinds criu_image_kinds(int dirfd);

/* Pure. The same of the text of files.img. */
struct criu_kinds criu_kinds_in(const void *files, size_t len);

#endif
