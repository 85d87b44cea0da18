/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_STORAGE_ROOTFS_IDENTITY_H
#define LXCCKPT_STORAGE_ROOTFS_IDENTITY_H

/*
 * What a rootfs is that LXC mounts: the layers of an overlay, the file or the block device. A
 * restore compares them with what has the same names then.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "facts/facts.h"

/* Identifies the present target of path (lxc.rootfs.path without "dir:"). */
enum rootfs_kind rootfs_kind_of(const char *path);

/* "overlay"; NULL: LXC mounts no rootfs of that kind, or we cannot. Not copied. */
const char *rootfs_kind_word(enum rootfs_kind kind);

/* The container's /, as its mount table says. */
struct rootfs_seen {
	const char *type, *source;
	const char *options; /* of the mount */
	const char *data;    /* of the filesystem */
	const char *root;    /* a path that leads to it */
	dev_t dev;
};

/*
 * At the dump: describes what f->rootfs names, and compares it with what is mounted. Returns how
 * the two differ: "…is mounted from…"; NULL: they do not. Caller frees.
 */
char *rootfs_describe(struct container_facts *f, enum rootfs_kind kind,
		      const struct rootfs_seen *seen);

/* At the dump: describes a directory that is not mounted by LXC. */
void rootfs_describe_directory(struct container_facts *f);

/* The same for one that only the monitor's mount namespace has, from a pre-start hook. */
void rootfs_describe_hooks_directory(struct container_facts *f, const struct rootfs_seen *seen,
				     uint64_t inode);

/*
 * Opens a file or block device with a filesystem in it, and nothing else: opening another kind of
 * file may do something. Returns a descriptor or -errno.
 */
int rootfs_open_file(const char *path, bool read_only);

enum rootfs_change {
	ROOTFS_SAME,
	ROOTFS_COPY,	/* the same filesystem, elsewhere */
	ROOTFS_ANOTHER, /* something else; whoever made a copy of it knows better */
	ROOTFS_NONE,	/* it is missing, or of another kind */
};

/*
 * At a restore: compares what path names now. *ret says what has changed, and is NULL for
 * ROOTFS_SAME; caller frees.
 */
enum rootfs_change rootfs_compare(const struct container_facts *then, enum rootfs_kind kind,
				  const char *path, char **ret);

/* The same for a directory: only for what was mounted on it. */
enum rootfs_change rootfs_compare_directory(const struct container_facts *then, const char *path,
					    char **ret);

#endif
