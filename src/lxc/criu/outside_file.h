/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_OUTSIDE_FILE_H
#define LXCCKPT_CRIU_OUTSIDE_FILE_H

/*
 * Of the files that a container's processes have open those that are not in its checkpoint, but
 * in its rootfs or in what it has mounted of the host's, whatever mount namespace they were
 * opened in.
 */

#include <sys/stat.h>

#include "criu/image_files.h"
#include "facts/facts.h"

/* Begins with the first three, which have to stay where they are, and zeros. */
struct outside {
	const struct container_facts *facts;
	const char *rootfs; /* NULL: none */
	const struct criu_files *files;
	struct outside_top {
		const char *path; /* NULL: it is not open */
		int fd;
	} tops[2];	 /* the rootfs, and the mount that was needed last */
	char *directory; /* that was needed last, below ...; NULL: it is not open */
	const char *directory_top;
	int directory_fd; /* O_PATH */
	uint64_t mount;	  /* that it is on */
};

void outside_clear(struct outside *o);
#define _cleanup_outside_ __attribute__((cleanup(outside_clear)))

/*
 * O_PATH of the file as it is on the host. -1: errno; 0 there is no telling, because it is in a
 * filesystem that is in the checkpoint itself, or in one that the container alone has mounted.
 */
int outside_file_open(struct outside *o, const struct criu_file *file);

/*
 * What the server of a shared or FUSE filesystem says of it now, without opening it; the next in
 * the same directory then costs one call. 0, -errno, or 1: there is no telling.
 */
int outside_file_look(struct outside *o, const struct criu_file *file, struct stat *ret);

/*
 * What the server of a shared or FUSE filesystem says of it now, and not what the kernel knows
 * from earlier. 0 or -errno.
 */
int outside_file_stat(int fd, struct stat *ret);

/* Its path as the container's init has it, as far as that is known. Caller frees. */
char *outside_file_name(const struct container_facts *facts, const struct criu_files *files,
			const struct criu_file *file);

#endif
