/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_MOUNTS_H
#define LXCCKPT_CRIU_MOUNTS_H

#include "criu_protobuf.h"

/*
 * CRIU looks for external mounts in the mount namespace of the container's init alone, so it
 * takes the copies of the container's terminals in other mount namespaces for terminals of the
 * container's own devpts. Gives these copies the keys of the originals, in the images
 * mountpoints-*.img of a directory that CRIU has just written (at post-dump). 0 or -errno.
 */
int criu_mounts_mend(int dirfd);

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

#endif
