/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_GUARD_H
#define LXCCKPT_IMAGE_GUARD_H

/*
 * An image holds what memory held, and to restore one is to run code as root. So
 * nobody but root may be able to write to one, or to put another in its place: what
 * is looked at here is who could, not what is in the files.
 */

#include <stdbool.h>
#include <sys/stat.h>

#include "image/manifest.h"
#include "util/error.h"

/*
 * Refuses a path on which somebody else could put another directory or link in the
 * place of one. owner, where it is not -1, is the container's root as the host sees
 * it, to whom LXC gives the container's directory: who has become that may change the
 * container's config as well. What is not there yet is fine. Fills *ret_last with the
 * last that is there; returns 1 where that is all of the path, else 0.
 */
int guard_way(const char *path, long owner, struct stat *ret_last, struct error **reterr);

/*
 * Opens a file of the image in dirfd, whose path is for messages, where it is what
 * guard_file_wrong() wants. Another is refused; -ENOENT says nothing.
 */
int guard_open(int dirfd, const char *path, const char *name, struct error **reterr);

/* The same, and what fstat() says of it. */
int guard_open_stat(int dirfd, const char *path, const char *name, struct stat *ret,
		    struct error **reterr);

/*
 * Refuses what is in the directory and does not belong there: CRIU reads some files
 * only where they exist, so that one more changes what is restored.
 */
int guard_files(int dirfd, const char *path, const struct manifest *m, struct error **reterr);

/* Calls wrong for each file that guard_files() would refuse, with its refusal. */
int guard_each(int dirfd, const char *path, const struct manifest *m,
	       void (*wrong)(const char *file, const struct error *e, void *userdata),
	       void *userdata, struct error **reterr);

/* Pure: what is wrong with a file of an image, or NULL. */
const char *guard_file_wrong(const struct stat *st);

/* Pure: what is wrong with a directory that has st in it, for who is to be sure of st; or NULL. */
const char *guard_step_wrong(const struct stat *dir, const struct stat *st, long owner);

enum guard_name {
	GUARD_PART,    /* only where the manifest names it */
	GUARD_BESIDE,  /* ours, but no part: the manifest, logs, statistics, markers */
	GUARD_IGNORED, /* nobody opens such a name: neither CRIU nor we */
};

/* Pure. */
enum guard_name guard_name(const char *name);

#endif
