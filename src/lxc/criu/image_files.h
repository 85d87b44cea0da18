/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_FILES_H
#define LXCCKPT_CRIU_IMAGE_FILES_H

/*
 * The files that CRIU's image wants to find again: those that a process had open, or
 * mapped, or as its program. CRIU looks at the size and mode of each when it
 * comes to it, and at the build ID of a program or library, and gives up at the
 * first that differs. Files that it makes itself are not among them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

#define BUILD_ID_MAX 64

struct criu_file {
	uint32_t id;
	char *path; /* in the container's mount namespace: "/bin/busybox" */
	int mount;  /* as in criu_mount; -1: not known */
	bool has_size;
	uint64_t size;
	bool has_mode;
	unsigned int mode; /* st_mode */
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_len; /* a multiple of four; 0: none */
};

struct criu_mount {
	int id;
	unsigned int ns; /* CRIU's number of the mount namespace that it is in */
	dev_t dev;
	char *root; /* what of the filesystem it shows: "/" or a folder or file in it */
	char *target;
	char *key;	/* ext_mount's; NULL: CRIU makes it, or it is the root */
	bool automatic; /* CRIU knows nothing of its type, and mounts it by its source */
	char *source;	/* "/dev/loop0" */
	char *type;	/* "ext4"; NULL: one that CRIU knows */
	bool looked_up; /* external is known */
	const struct criu_mount *external; /* see criu_files_external() */
};

struct criu_files {
	struct criu_file *v;
	size_t n;
	struct criu_mount *mounts;
	size_t n_mounts;
	const struct criu_mount **by_id; /* sorted, once all are read; NULL before that ... */
	const struct criu_mount *rootfs; /* ... and found */
	unsigned int init_ns; /* of criu_mount.ns that of the container's init; 0: not known */
};

/* Of an image directory. What is of another form than is known here is left out. */
void criu_files_read(int dirfd, struct criu_files *ret);

/* The same, with the deleted files that CRIU makes itself. */
void criu_files_read_all(int dirfd, struct criu_files *ret);

/* Its mounts alone, of all mount namespaces. */
void criu_files_read_mounts(int dirfd, struct criu_files *ret);

/*
 * Whether CRIU mounts it by the name of a block device, rather than takes it from the rootfs,
 * which is on the device rootfs, or from another mount of the host.
 */
bool criu_mount_is_by_name(const struct criu_files *f, const struct criu_mount *m, dev_t rootfs);

const struct criu_mount *criu_files_mount(const struct criu_files *f, int id);

/* The mount of the container's rootfs that its init has for /. NULL: there is none. */
const struct criu_mount *criu_files_rootfs(const struct criu_files *f);

/*
 * Where a file is in the rootfs, as a path from there ("" is the rootfs itself), when its mount
 * shows the rootfs or a part of it, whatever mount namespace it is in. NULL: it shows something
 * else. Caller frees.
 */
char *criu_files_in_rootfs(const struct criu_files *f, const struct criu_file *file);

/*
 * The mount of the host's files that m shows, or shows a part of: itself, or where m is a copy
 * in another mount namespace, or of a folder, the one that CRIU was told of. NULL: none.
 */
const struct criu_mount *criu_files_external(const struct criu_files *f,
					     const struct criu_mount *m);

/*
 * Where a file is below what that mount shows ("" is that itself), and in *ret_key the mount's
 * key. NULL: its mount shows something else. Caller frees.
 */
char *criu_files_in_external(const struct criu_files *f, const struct criu_file *file,
			     const char **ret_key);

/* Returns the part of path below top without its leading slash, or NULL if path is elsewhere. */
const char *criu_files_below(const char *path, const char *top);

void criu_files_clear(struct criu_files *f);
#define _cleanup_criu_files_ __attribute__((cleanup(criu_files_clear)))

/* The parts, pure: each adds what is in the text of one image. */
void criu_files_add(struct criu_files *f, const void *files, size_t len);
void criu_files_add_mounts(struct criu_files *f, unsigned int ns, const void *mountpoints,
			   size_t len);

/* The mount namespace of a process, of the text of its ids-*.img; 0 where it says none. */
unsigned int criu_files_mount_ns(const void *ids, size_t len);

/* Takes out those that a remap-fpath.img says CRIU makes. */
void criu_files_remove(struct criu_files *f, const void *remaps, size_t len);

/*
 * Pure. The build ID in the first bytes of a program or library, filled up with zeros
 * to a multiple of four; its length, 0 where there is none.
 */
size_t elf_build_id(const void *elf, size_t len, uint8_t ret[BUILD_ID_MAX]);

#endif
