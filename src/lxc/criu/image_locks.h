/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_LOCKS_H
#define LXCCKPT_CRIU_IMAGE_LOCKS_H

/*
 * The locks on files that CRIU's image has. CRIU takes each again, and waits for
 * whoever has it meanwhile, without a limit.
 */

#include <sys/types.h>

#include "criu/protobuf.h"
#include "sys/proc_locks.h"

struct criu_lock {
	struct proc_lock lock; /* its kind, access and range */
	pid_t pid;	       /* in the container */
	int fd;		       /* of that process */
	bool known;
	uint32_t file; /* where it is known, as criu_file's id */
};

struct criu_locks {
	struct criu_lock *v;
	size_t n;
};

/* Of an image directory. */
void criu_locks_read(int dirfd, struct criu_locks *ret);

/* Whether there are any. */
bool criu_image_has_locks(int dirfd);

/* The parts, pure: of the text of filelocks.img, ids-PID.img and fdinfo-ID.img. */
void criu_locks_add(struct criu_locks *locks, const void *text, size_t len);
bool criu_locks_files_id(const void *text, size_t len, uint32_t *ret);
bool criu_locks_file(const void *text, size_t len, int fd, uint32_t *ret);

void criu_locks_clear(struct criu_locks *l);
#define _cleanup_criu_locks_ __attribute__((cleanup(criu_locks_clear)))

#endif
