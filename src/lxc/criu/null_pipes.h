/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_NULL_PIPES_H
#define LXCCKPT_CRIU_NULL_PIPES_H

/*
 * Pipes that a process of the container has open and whose other ends are outside, in whose place
 * the image has the container's /dev/null.
 */

#include <stddef.h>
#include <stdint.h>

#include "criu/null_files.h"
#include "util/error.h"

/* CRIU's numbers of open files. */
struct null_ids {
	uint32_t *v;
	size_t n;
};

/*
 * Pure. The text of a files.img with /dev/null in the place of pipes with those inodes; NULL: there
 * are none, or it is of another form than is known here. Adds the numbers of the files. Caller
 * frees both.
 */
char *null_pipes_in_files(const void *files, size_t len, const uint32_t *inodes, size_t n,
			  struct null_ids *ids, size_t *ret_len);

/* Pure. The same in the text of a process's fdinfo-N.img. Returns how many there are. */
size_t null_pipes_in_descriptors(void *descriptors, size_t len, const struct null_ids *ids);

/* In a directory that CRIU has just written (at post-dump). */
int null_pipes_mend(int dirfd, const struct null_files *all, struct error **reterr) _must_check_;

#endif
