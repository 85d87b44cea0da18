/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opens the files of CRIU's image. Runs in the command at post-dump, on files that CRIU has just
 * written, and in the command and the monitor before a restore: as root, in the host's namespaces.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "criu/image_edit.h"
#include "util/fd.h"
#include "util/mem.h"

#define EDIT_MAX (1024 * 1024 * 1024)

int edit_image(int dirfd, const char *name, void (*fn)(void *image, size_t len, void *userdata),
	       void *userdata)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *image;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	if (st.st_size > EDIT_MAX)
		return -EFBIG;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (image == MAP_FAILED)
		return -errno;
	fn(image, (size_t)st.st_size, userdata);
	munmap(image, (size_t)st.st_size);
	return 0;
}

int each_image(int dirfd, const char *prefix,
	       int (*fn)(int dirfd, const char *name, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (e = readdir(dir)))
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			r = fn(dirfd, e->d_name, userdata);
	return r;
}
