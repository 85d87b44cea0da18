/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_LOGFILE_H
#define LXCCKPT_MONITOR_LOGFILE_H

/*
 * lxc.console.logfile: all that the console says, appended to a file of the
 * host's. Nothing that happens to the file is the container's concern: what
 * cannot be written is lost, and the next write tries again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/ring.h"

struct logfile {
	const char *path; /* NULL: there is none; borrowed */
	uint64_t limit;	  /* lxc.console.size, in bytes; 0: none */
	bool rotate;	  /* a full one is kept as PATH.1, in the place of the last such */
	int fd;		  /* -1: not open */
};

/* Makes the file where it is not there. */
void logfile_open(struct logfile *log);
void logfile_write(struct logfile *log, const char *buf, size_t len);

/*
 * At the container's end the buffer, if there is something in it, takes the place
 * of what is in the file, up to the limit. (As LXC has it: without a limit the file is
 * empty then.)
 */
void logfile_finish(struct logfile *log, const struct ring *buffer);

#endif
