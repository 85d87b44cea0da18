/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_GUARD_H
#define LXCCKPT_IMAGE_GUARD_H

/*
 * An image holds the container's memory, and restoring it runs code as root. So nobody but root may
 * be able to write to an image, or to replace it. The functions here check who could, not what the
 * files contain.
 */

#include <stdbool.h>
#include <sys/stat.h>

#include "image/manifest.h"
#include "util/error.h"

/*
 * Refuses a path on which another user could exchange a directory or link. owner, if it is not -1,
 * is the container's root as the host sees it, to whom LXC gives the container's directory: whoever
 * has become that user can change the configuration as well. The end of the path need not exist.
 * *ret_last receives the last component that exists. Returns 1 if that is the whole path, else 0.
 */
int guard_way(const char *path, long owner, struct stat *ret_last,
	      struct error **reterr) _must_check_;

/*
 * Opens a file of the image in dirfd if guard_file_wrong() accepts it, and refuses others; path is
 * for messages. -ENOENT sets no error.
 */
int guard_open(int dirfd, const char *path, const char *name, struct error **reterr) _must_check_;

/* The same, and returns its fstat(). */
int guard_open_stat(int dirfd, const char *path, const char *name, struct stat *ret,
		    struct error **reterr) _must_check_;

/*
 * Refuses files that do not belong into the directory: CRIU reads some files only if they exist, so
 * an additional file changes what is restored. It ignores files that nobody reads.
 */
int guard_files(int dirfd, const char *path, const struct manifest *m,
		struct error **reterr) _must_check_;

/* Calls wrong for each file that guard_files() would refuse, with its refusal. */
int guard_each(int dirfd, const char *path, const struct manifest *m,
	       void (*wrong)(const char *file, const struct error *e, void *userdata),
	       void *userdata, struct error **reterr) _must_check_;

/* Calls stray for each file that is ignored so, and is not one of those that are always fine. */
void guard_each_stray(int dirfd, const struct manifest *m,
		      void (*stray)(const char *file, void *userdata), void *userdata);

/* Pure. Whether neither CRIU nor we read a file of that name which the manifest does not list. */
bool guard_is_stray(const char *name);

/* Pure: what is wrong with a file of an image, or NULL. */
const char *guard_file_wrong(const struct stat *st);

/* Pure: says what is wrong with a directory with this stat, or NULL. */
const char *guard_step_wrong(const struct stat *dir, const struct stat *st, long owner);

enum guard_name {
	GUARD_PART,    /* allowed only if the manifest names it, or guard_is_stray() */
	GUARD_BESIDE,  /* ours, but not part of the checkpoint: the manifest, logs, statistics,
			  markers */
	GUARD_IGNORED, /* neither CRIU nor this project opens such a name */
};

/* Pure. */
enum guard_name guard_name(const char *name);

#endif
