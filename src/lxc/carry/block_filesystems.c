/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and compares what block devices of the host hold. Runs in the command, and at a restore
 * in the monitor too: as root, in the host's namespaces.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "carry/block_filesystems.h"
#include "carry/superblock.h"
#include "util/fd.h"
#include "util/mem.h"

#define BY_UUID	      "/dev/disk/by-uuid"
#define LOOP_PATH_MAX 8192

char *loop_backing_file(dev_t dev)
{
	_cleanup_free_ char *path =
		xasprintf("/sys/dev/block/%u:%u/loop/backing_file", major(dev), minor(dev));
	char *text = NULL;

	if (read_file_at(AT_FDCWD, path, LOOP_PATH_MAX, &text) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Non-blocking: a drive may be without a medium. -errno; -ENOTBLK where it is something else. */
static int open_device(const char *path, dev_t *ret)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	/* what is no device is not to be opened, which may do something */
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	*ret = st.st_rdev;
	return TAKE_FD(fd);
}

char *block_filesystem_identity(int fd, const char *type)
{
	_cleanup_free_ char *bytes = xcalloc(SUPERBLOCK_BYTES, 1);
	size_t len = 0;

	while (len < SUPERBLOCK_BYTES) {
		ssize_t n = pread(fd, bytes + len, SUPERBLOCK_BYTES - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return superblock_identity(type, bytes, len);
}

char *block_device_identity(const char *device, const char *type)
{
	dev_t dev;
	_cleanup_close_ int fd = open_device(device, &dev);

	return fd < 0 ? NULL : block_filesystem_identity(fd, type);
}

/* --- at the dump --- */

static int refuse_name(const char *source, dev_t dev, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/sys/dev/block/%u:%u", major(dev), minor(dev));
	char link[4096] = "";
	const char *name = readlink(path, link, sizeof(link) - 1) > 0 ? strrchr(link, '/') : NULL;

	error_refuse(
		reterr, ENODEV,
		"the container has mounted the block device %u:%u as %s, which is not its name "
		"on this host: CRIU could not mount it again",
		major(dev), minor(dev), source);
	error_set_hint(reterr, "unmount it in the container and mount it by the host's name%s%s",
		       name ? ", /dev" : "", name ? name : "");
	return -ENODEV;
}

int block_filesystem_read(const char *source, const char *type, dev_t dev,
			  struct block_filesystem *ret, struct error **reterr)
{
	dev_t found = 0;
	_cleanup_close_ int fd = *source == '/' ? open_device(source, &found) : -ENODEV;

	if (fd < 0 || (major(dev) && found != dev))
		return refuse_name(source, dev, reterr);
	*ret = (struct block_filesystem){
		.source = xstrdup(source),
		.type = xstrdup(type),
		.identity = block_filesystem_identity(fd, type),
		.backing = loop_backing_file(found),
	};
	return 0;
}

/* --- at the restore --- */

/* Returns the reason why the device cannot be mounted, or NULL with *ret_fd open. Caller frees. */
static char *try_device(const struct block_filesystem *f, const char *path, int *ret_fd)
{
	dev_t rdev;
	_cleanup_close_ int fd = open_device(path, &rdev);
	_cleanup_free_ char *now = fd < 0 ? NULL : block_filesystem_identity(fd, f->type);

	if (fd == -ENOTBLK)
		return xstrdup("is no block device");
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV)
		return xstrdup("is missing");
	if (fd < 0)
		return xasprintf("cannot be opened: %s", strerror(-fd));
	if (f->identity && !now)
		return xasprintf("holds no filesystem of type %s now", f->type);
	if (f->identity && strcmp(f->identity, now) != 0)
		return xasprintf("holds another filesystem now: it was %s %s and is %s", f->type,
				 f->identity, now);
	*ret_fd = TAKE_FD(fd);
	return NULL;
}

/* udev's link, where the name has gone to another device, as those of disks do. */
static char *try_uuid(const struct block_filesystem *f, int *ret_fd)
{
	const char *uuid = superblock_uuid(f->identity);
	_cleanup_free_ char *path = uuid ? xasprintf(BY_UUID "/%s", uuid) : NULL;
	_cleanup_free_ char *wrong = path ? try_device(f, path, ret_fd) : NULL;

	return path && !wrong ? TAKE_PTR(path) : NULL;
}

int block_filesystem_find(const struct block_filesystem *f, int *ret_fd, char **ret_path,
			  struct error **reterr)
{
	_cleanup_free_ char *wrong = try_device(f, f->source, ret_fd);
	char *other = wrong ? try_uuid(f, ret_fd) : NULL;

	if (!wrong || other) {
		*ret_path = other ? other : xstrdup(f->source);
		return 0;
	}
	error_refuse(reterr, ENODEV, "the block device %s, which the container had mounted, %s",
		     f->source, wrong);
	if (f->backing)
		error_set_hint(reterr,
			       "attach its file again (losetup %s %s; losetup -d frees the device) "
			       "and restore again",
			       f->source, f->backing);
	else
		error_set_hint(reterr,
			       "attach the device again under that name%s and restore again",
			       superblock_uuid(f->identity) ? ", or link it in " BY_UUID : "");
	return -ENODEV;
}
