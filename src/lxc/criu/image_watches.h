/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_WATCHES_H
#define LXCCKPT_CRIU_IMAGE_WATCHES_H

/*
 * The files that inotify and fanotify watch, in CRIU's files.img. CRIU opens a watched file by its
 * handle through any mount of its filesystem, and writes the path that the kernel reports. Through
 * a mount that does not show the file, the kernel reports "/". CRIU believes that if the root
 * directory has the same inode number, and watches the root directory after a restore.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "criu/protobuf.h"

#define WATCH_HANDLE_MAX 128

struct criu_watch {
	uint64_t dev; /* as CRIU writes it: the major number in front of 20 bits */
	uint64_t inode;
	uint32_t handle_type, handle_len;
	uint8_t handle[WATCH_HANDLE_MAX];
	char *path; /* in the mount namespace of the mount; NULL: CRIU goes by the handle */
	unsigned int mount;
};

struct criu_watches {
	struct criu_watch *v;
	size_t n;
};

/* Pure. Those of a files.img that have a path and a mount. */
void criu_watches_read(const void *files, size_t len, struct criu_watches *ret);
void criu_watches_clear(struct criu_watches *watches);
#define _cleanup_criu_watches_ __attribute__((cleanup(criu_watches_clear)))

/* The right place of a watched file. */
struct watch_change {
	uint64_t dev, inode; /* as in struct criu_watch */
	char *path;
	unsigned int mount;
};

struct watch_changes {
	struct watch_change *v;
	size_t n;
};

void watch_changes_clear(struct watch_changes *changes);

/* Pure. The files.img with these places: NULL where it has no such watch. Caller frees. */
char *criu_watches_with_changes(const void *files, size_t len, const struct watch_changes *changes,
				size_t *ret_len);

/* The same for the file of a directory that CRIU has just written (at post-dump). 0 or -errno. */
int criu_watches_mend(int dirfd, const struct watch_changes *changes);

#endif
