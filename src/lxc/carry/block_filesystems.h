/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_BLOCK_FILESYSTEMS_H
#define LXCCKPT_CARRY_BLOCK_FILESYSTEMS_H

/*
 * A filesystem of a block device that the container alone has mounted. CRIU mounts it
 * again by the name of the device, under which there may be another one by then.
 */

#include "facts/facts.h"
#include "util/error.h"

/*
 * At the dump: what source holds, as the filesystem type that is mounted of the device dev (0:
 * of no device that the kernel tells). Refuses where the host has another device, or none, under
 * that name.
 */
int block_filesystem_read(const char *source, const char *type, dev_t dev,
			  struct block_filesystem *ret, struct error **reterr) _must_check_;

/*
 * At the restore: opens the device that has it, under its name or that of its UUID, and compares.
 * As long as *ret_fd is open the device cannot be given another file or be taken away.
 * Caller closes it and frees *ret_path. Refuses.
 */
int block_filesystem_find(const struct block_filesystem *f, int *ret_fd, char **ret_path,
			  struct error **reterr) _must_check_;

/* Returns the identity of a device's filesystem of that type, or NULL. Caller frees. */
char *block_device_identity(const char *device, const char *type);

/* The same of an open device or file. NULL also: it holds no filesystem of that type. */
char *block_filesystem_identity(int fd, const char *type);

/* The file that a loop device shows; NULL: it is no loop device. Caller frees. */
char *loop_backing_file(dev_t dev);

#endif
