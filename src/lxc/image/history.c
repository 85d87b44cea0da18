/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Records when a checkpoint was restored. The monitor writes the file as root, when the container's
 * processes run; the command reads it.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "carry/file_times.h"
#include "image/guard.h"
#include "image/history.h"
#include "image/strings.h"
#include "util/fd.h"

/* Room for some thousand times; then the file starts again. */
#define HISTORY_MAX 65536

int history_add(int dirfd)
{
	_cleanup_close_ int fd = openat(dirfd, HISTORY_NAME,
					O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
						O_NOCTTY | O_CLOEXEC,
					0600);
	_cleanup_free_ char *now = file_time_text(time(NULL));
	_cleanup_free_ char *line = xasprintf("%s\n", now);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (guard_file_wrong(&st))
		return -EPERM;
	if (st.st_size + (off_t)strlen(line) > HISTORY_MAX && ftruncate(fd, 0) < 0)
		return -errno;
	return write_all(fd, line, strlen(line));
}

void history_parse(char *text, struct strv *ret)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (!check_time(l))
			strv_add(ret, "%s", l);
}

void history_read(int dirfd, const char *path, struct strv *ret)
{
	_cleanup_close_ int fd = guard_open(dirfd, path, HISTORY_NAME, NULL);
	_cleanup_free_ char *text = NULL;

	if (fd >= 0 && read_all(fd, HISTORY_MAX, &text) > 0)
		history_parse(text, ret);
}
