/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_DEVICE_FILES_H
#define LXCCKPT_CRIU_DEVICE_FILES_H

/*
 * The files that a container's processes have open in filesystems of block devices that it alone
 * has mounted. The host sees them through the container's processes, while these stand still.
 */

#include "criu/image_files.h"

struct device_mounts {
	struct device_mount {
		uint64_t id;
		dev_t dev;
		char *root, *point;
		pid_t pid; /* one that has it */
	} *v;
	size_t n;
	ino_t *seen; /* mount namespaces */
	size_t n_seen;
};

/* The mount namespaces of a container, its init's first. Initialise with {0}. */
void device_mounts_read(pid_t init, struct device_mounts *ret);
void device_mounts_clear(struct device_mounts *d);
#define _cleanup_device_mounts_ __attribute__((cleanup(device_mounts_clear)))

/* The mount of such a filesystem that a file of CRIU's image is on; NULL: it is on another. */
const struct criu_mount *device_file_mount(const struct criu_files *files,
					   const struct criu_file *file);

/* O_PATH of a file on mount m, whose device is dev now; -1. */
int device_file_open(const struct device_mounts *d, dev_t dev, const struct criu_mount *m,
		     const struct criu_file *file);

#endif
