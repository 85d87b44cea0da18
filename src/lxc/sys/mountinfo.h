/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_MOUNTINFO_H
#define LXCCKPT_SYS_MOUNTINFO_H

/* A line of /proc/PID/mountinfo, which may be a container's, for who has no libmount. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mountinfo {
	uint64_t id;
	dev_t dev;
	char *root;  /* what of the filesystem it shows */
	char *point; /* where */
	char *type, *source;
};

/* Pure. As far as the line's end. Not true: it is none. */
bool mountinfo_parse(const char *line, struct mountinfo *ret);

/* The line after it; NULL: it was the last. */
const char *mountinfo_next(const char *line);

void mountinfo_clear(struct mountinfo *m);
#define _cleanup_mountinfo_ __attribute__((cleanup(mountinfo_clear)))

/*
 * Pure, for programs without libmount. The first numbers of a line of a mountinfo: the mount's,
 * which may be NULL here, and the device. false: it is no such line.
 */
bool mountinfo_numbers(const char *line, uint64_t *ret_id, dev_t *ret_device);

#endif
