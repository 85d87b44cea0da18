/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_MOUNTS_H
#define LXCCKPT_CRIU_IMAGE_MOUNTS_H

#include <stdbool.h>

#include "criu/protobuf.h"

/* A mount that CRIU has left out of its image, as /proc/PID/mountinfo has it. */
struct skipped_mount {
	unsigned int id, parent;
	uint64_t dev;		  /* as CRIU writes it: the major number in front of 20 bits */
	unsigned int flags;	  /* MS_*, of the mount */
	unsigned int super_flags; /* the same of the filesystem */
	char *type;		  /* "tracefs" */
	char *root;		  /* what of the filesystem it shows */
	char *target, *source;
	unsigned int shared, master; /* peer groups; 0: none */
	char *key;		     /* ext_mount's; NULL: CRIU is to mount it anew */
};

struct skipped_mounts {
	struct skipped_mount *v;
	size_t n;
};

void skipped_mounts_clear(struct skipped_mounts *skipped);

/* A mistake in what CRIU's image says of a mount. */
struct mount_change {
	unsigned int id;    /* the mount's */
	char *root;	    /* what it really shows, where CRIU says "/"; NULL: no change */
	unsigned int flags; /* MS_* of the mount that CRIU does not know */
	bool no_master;	    /* CRIU could not make it a slave */
	bool drop;	    /* CRIU is not to mount it */
};

/* In no order, and at most one for a mount. */
struct mount_changes {
	struct mount_change *v;
	size_t n;
};

void mount_changes_clear(struct mount_changes *changes);

/* Whether an image directory has more than one mount namespace. */
bool criu_mounts_nested(int dirfd);

/* Whether one of them has a mount that shows a deleted file or directory. */
bool criu_mounts_deleted(int dirfd);

/* Those of a directory that CRIU has just written (at post-dump). They begin empty, as {0}. */
struct mount_images {
	struct mount_image *v;
	size_t n;
};

/* Adds one, by its name. 0 or -errno. */
int criu_mounts_read(int dirfd, const char *name, struct mount_images *images);
void mount_images_clear(struct mount_images *images);

/*
 * Mends them:
 *  - what it has skipped is added where its parent is, and CRIU restores it as it does others;
 *  - its mistakes are corrected;
 *  - CRIU looks for external mounts in the mount namespace of the container's init alone, so it
 *    takes the copies of the container's terminals in other mount namespaces for terminals of
 *    the container's own devpts. They get the keys of the originals.
 * 0 or -errno.
 */
int criu_mounts_mend(int dirfd, struct mount_images *images, const struct skipped_mounts *skipped,
		     const struct mount_changes *changes);

/* The parts, pure. A terminal that CRIU has been told of; they begin empty, as {0}. */
struct keyed_mounts {
	struct keyed_mount {
		uint64_t dev;
		struct bytes root, key; /* in the image that they were read from */
	} *v;
	size_t n;
};

/* Adds those of a mountpoints-*.img, which has to outlive them. */
void criu_mounts_keyed(const void *text, size_t len, struct keyed_mounts *keyed);

/*
 * The image with keys for the mounts of the same terminals that have none: NULL where there is
 * no such mount, or where the image is not of the form known here. Caller frees.
 */
char *criu_mounts_with_keys(const void *text, size_t len, const struct keyed_mounts *keyed,
			    size_t *ret_len);

/* The image with those of its mounts changed: NULL where there is none. Caller frees. */
char *criu_mounts_with_changes(const void *text, size_t len, const struct mount_changes *changes,
			       size_t *ret_len);

/* criu_mounts_deleted() of one. */
bool criu_mounts_deleted_in(const void *text, size_t len);

/* The image with those skipped whose parents are in it: NULL where there is none. Caller frees. */
char *criu_mounts_with_skipped(const void *text, size_t len, const struct skipped_mounts *skipped,
			       size_t *ret_len);

#endif
