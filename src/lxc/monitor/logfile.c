/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes the console's log; see logfile.h. Runs in the monitor, as root, on the host. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/logfile.h"
#include "util/fd.h"
#include "util/mem.h"

/* Neither a FIFO without a reader nor a terminal may block the container. */
static void open_mode(struct logfile *log, mode_t mode)
{
	log->fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		       mode);
}

void logfile_open(struct logfile *log)
{
	if (log->path && log->fd < 0)
		open_mode(log, 0600);
}

/* Writes all, despite EINTR and short writes; stops at a full disk. */
static void append(struct logfile *log, const char *buf, size_t len)
{
	while (log->fd >= 0 && len > 0) {
		ssize_t n = write(log->fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		buf += n;
		len -= (size_t)n;
	}
}

/*
 * Makes space for a full file: renames it to PATH.1, or empties it if that is not wanted or fails.
 */
static void turn_over(struct logfile *log, mode_t mode)
{
	_cleanup_free_ char *old = xasprintf("%s.1", log->path);

	if (log->rotate && rename(log->path, old) == 0) {
		fd_close(&log->fd);
		open_mode(log, mode);
	} else if (ftruncate(log->fd, 0) < 0) {
		fd_close(&log->fd);
	}
}

static void write_limited(struct logfile *log, const char *buf, size_t len)
{
	uint64_t size, room;
	struct stat st;

	/* as LXC: a device or FIFO ignores a limit */
	if (fstat(log->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	size = (uint64_t)st.st_size;
	room = size < log->limit ? log->limit - size : 0;
	if (len <= room) {
		append(log, buf, len);
		return;
	}
	append(log, buf, room);
	buf += room;
	len -= room;
	turn_over(log, st.st_mode & 0777);
	append(log, buf, len < log->limit ? len : log->limit);
}

void logfile_write(struct logfile *log, const char *buf, size_t len)
{
	logfile_open(log);
	if (log->fd < 0)
		return;
	if (log->limit == 0)
		append(log, buf, len);
	else
		write_limited(log, buf, len);
}

void logfile_finish(struct logfile *log, const struct ring *buffer)
{
	uint64_t left = buffer->used < log->limit ? buffer->used : log->limit;
	char buf[4096];
	size_t off = 0;

	if (log->fd >= 0 && buffer->used > 0 && ftruncate(log->fd, 0) == 0) {
		while (left > 0) {
			size_t n = ring_copy(buffer, off, buf,
					     left < sizeof(buf) ? left : sizeof(buf));

			append(log, buf, n);
			off += n;
			left -= n;
		}
	}
	fd_close(&log->fd);
}
