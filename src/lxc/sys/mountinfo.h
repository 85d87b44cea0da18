/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_MOUNTINFO_H
#define LXCCKPT_SYS_MOUNTINFO_H

/* Parses lines of /proc/PID/mountinfo, which may be a container's, without libmount. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mountinfo {
	uint64_t id;
	dev_t dev;
	char *root;  /* the part of the filesystem that it shows */
	char *point; /* where */
	char *type, *source;
	char *options;		     /* of the mount alone: "ro,nosuid" */
	unsigned int shared, master; /* peer groups; 0: none */
};

/* Pure. Parses one line. Returns false if it is not a line of a mountinfo. */
bool mountinfo_parse(const char *line, struct mountinfo *ret);

/* Pure. Decodes the word at p, with \040 and the like, up to a space or newline. Caller frees. */
char *mountinfo_text(const char *p);

/* Pure. The opposite: a text without space or newline. Caller frees. */
char *mountinfo_word(const char *text);

/* The next line; NULL: it was the last. */
const char *mountinfo_next(const char *line);

void mountinfo_clear(struct mountinfo *m);
#define _cleanup_mountinfo_ __attribute__((cleanup(mountinfo_clear)))

/*
 * Pure, for programs without libmount. Parses the first numbers of a line: the ID of the mount (ret
 * may be NULL) and the device. Returns false if it is not a line of a mountinfo.
 */
bool mountinfo_numbers(const char *line, uint64_t *ret_id, dev_t *ret_device);

#endif
