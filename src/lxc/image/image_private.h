/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_IMAGE_PRIVATE_H
#define LXCCKPT_IMAGE_IMAGE_PRIVATE_H

/* Shared by the files of this folder. */

#include <dirent.h>

#include "image/dir.h"

/* In a directory beside the parts of a checkpoint: */
#define IMAGE_MARKER   "incomplete" /* it is being written, or could not be */
#define IMAGE_REPLACED "replaced"   /* another takes its place, or has taken it */
#define IMAGE_LOG      "dump.log"
#define RESTORE_LOG    "restore.log"
/* Its name, and this, is that of a directory beside a checkpoint that is to be replaced. */
#define IMAGE_STAGING ".new"

bool image_has_file(const struct image *img, const char *name);

/* Whether nothing is in it but what a filesystem makes. */
bool image_is_empty(const struct image *img);

/* Reads the manifest of an open directory. */
int image_read_manifest(const struct image *img, struct manifest *ret,
			struct error **reterr) _must_check_;

/* Refuses a checkpoint that is to be replaced together with somebody else's files. */
int image_refuse_others(const struct image *old, struct error **reterr) _must_check_;

/* Flushes the names of its files to disk. */
int image_sync(const struct image *img, struct error **reterr) _must_check_;

/* The same for the directory that contains path. */
int image_sync_parent(const char *path, struct error **reterr) _must_check_;

/* Opens and locks the directory, LOCK_SH or LOCK_EX. Refuses one that others can write to. */
int image_open_locked(struct image *img, const char *path, int lock,
		      struct error **reterr) _must_check_;

/*
 * Resolves its path: a directory that is made beside it and exchanged with it must be on its
 * filesystem.
 */
int image_resolve(struct image *img, const char *path, struct error **reterr) _must_check_;

/* Opens the directory with a position of its own. NULL with errno. */
DIR *image_list(const struct image *img);

#endif
