/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_LOGFILE_H
#define LXCCKPT_MONITOR_LOGFILE_H

/*
 * lxc.console.logfile: the console's output, appended to a file on the host. No failure of the file
 * affects the container: what cannot be written is lost, and the next write tries again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/ring.h"

struct logfile {
	const char *path; /* NULL: there is none; borrowed */
	uint64_t limit;	  /* lxc.console.size, in bytes; 0: none */
	bool rotate;	  /* a full file becomes PATH.1, replacing the last one */
	int fd;		  /* -1: not open */
};

/* Makes the file if it does not exist. */
void logfile_open(struct logfile *log);
void logfile_write(struct logfile *log, const char *buf, size_t len);

/*
 * When the container stops, a buffer that is not empty replaces the content of the file, up to the
 * limit. (As with LXC, the file is then empty without a limit.)
 */
void logfile_finish(struct logfile *log, const struct ring *buffer);

#endif
