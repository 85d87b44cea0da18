/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SOURCE_FILESYSTEM_H
#define LXCCKPT_CARRY_SOURCE_FILESYSTEM_H

/*
 * Which of the host's filesystems a directory or file is in that the container has mounted. When
 * that is not mounted at a restore, the path mostly leads to an empty directory. Device numbers
 * are others after a reboot, and not compared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_filesystem {
	char *mount_point; /* of the host's, that the path is below */
	char *type;	   /* "ext4" */
	char *identity;	   /* see superblock.h; NULL: it has nothing to be told by */
	uint64_t inode;	   /* of what is at the path */
};

void source_filesystem_clear(struct source_filesystem *f);

/* The host's mounts, read once for many paths. It begins empty, as {0}. */
struct host_mounts {
	char *text;
	struct host_mount {
		uint64_t id;
		const char *line; /* in text */
	} *v;
	size_t n;
	char *device, *type, *identity; /* the last that was looked at */
};

void host_mounts_clear(struct host_mounts *h);
#define _cleanup_host_mounts_ __attribute__((cleanup(host_mounts_clear)))

/* A path without links in it. 0 or -errno; *ret is then as it was. */
int source_filesystem_read(struct host_mounts *h, const char *path, struct source_filesystem *ret);

enum source_change {
	SOURCE_SAME,	/* as far as can be told */
	SOURCE_MISSING, /* nothing is mounted any more where it was */
	SOURCE_ANOTHER, /* another filesystem is there, or on a folder of it */
};

/* Pure. */
enum source_change source_filesystem_compare(const struct source_filesystem *then,
					     const struct source_filesystem *now);

/* Pure. Whether the kernel makes up what is in filesystems of that type: nothing is kept there. */
bool filesystem_is_kernels(const char *type);

#endif
