/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The runtime directory and its files: reads only what root alone can have written, and replaces a
 * file at once. Runs in the command and in the monitor, as root on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mem.h"

int runtime_dir_open(void)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdir(RUNTIME_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(RUNTIME_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* files from here are trusted */
	if (st.st_uid != 0 || (st.st_mode & 022))
		return -EPERM;
	return TAKE_FD(fd);
}

int runtime_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & 022) && st.st_nlink == 1
		       ? 0
		       : -EPERM;
}

ssize_t runtime_read(const char *name, size_t max, char **ret)
{
	_cleanup_close_ int dir = runtime_dir_open();
	_cleanup_close_ int fd =
		dir < 0 ? dir : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = dir < 0 ? dir : fd < 0 ? -errno : runtime_check(fd);

	return r < 0 ? r : read_all(fd, max, ret);
}

static int write_by(const char *tmp, const char *name, const char *text)
{
	_cleanup_close_ int dir = runtime_dir_open();
	_cleanup_close_ int fd = -1;
	int r;

	if (dir < 0)
		return dir;
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	if (r == 0 && renameat(dir, tmp, dir, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, tmp, 0);
	return r;
}

int runtime_write(const char *name, const char *text)
{
	_cleanup_free_ char *tmp = xasprintf(".%s.%d", name, (int)getpid());

	return write_by(tmp, name, text);
}

int runtime_replace(const char *name, const char *text)
{
	_cleanup_free_ char *tmp = xasprintf(".%s", name);

	return write_by(tmp, name, text);
}
