/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_NULL_FILES_H
#define LXCCKPT_CRIU_NULL_FILES_H

/*
 * Files of the host that a process of the container has open, in whose place the image has the
 * container's /dev/null. CRIU is told that they are external, and writes what it was told instead
 * of a path.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NULL_FILE_MODE (S_IFCHR | 0666) /* the container's has to have it */
#define NULL_FILES_MAX 256

struct null_files {
	struct null_file {
		unsigned int mount; /* its ID, which no mount of the container has */
		uint64_t inode;
	} *v;
	size_t n;
	uint32_t *pipes; /* the inodes of those that null_pipes.h replaces */
	size_t n_pipes;
};

/* Flags of another file that remain when /dev/null takes its place. */
#define NULL_FLAGS (O_ACCMODE | O_APPEND | O_NONBLOCK)

/* false: there are too many. */
bool null_files_add(struct null_files *all, unsigned int mount, uint64_t inode);
bool null_files_add_pipe(struct null_files *all, uint64_t inode);
void null_files_clear(struct null_files *all);

/* Pure. In the text of a files.img: gives those files the path of /dev/null. Returns how many. */
size_t null_files_mend(void *files, size_t len);

#endif
