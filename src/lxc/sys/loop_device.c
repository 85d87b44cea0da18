/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loop devices. Runs in the command and in the monitor, as root on the host. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/loop_device.h"
#include "util/fd.h"
#include "util/mem.h"

/* Others take free devices too: so often one is looked for. */
#define TRIES 64

static int attach_to(const char *path, const struct loop_config *config)
{
	_cleanup_close_ int fd =
		open(path, (config->info.lo_flags & LO_FLAGS_READ_ONLY ? O_RDONLY : O_RDWR) |
				   O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, config) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int loop_device_attach(int file, const char *name, bool read_only, char **ret_path)
{
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = (unsigned int)file,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int r = -EBUSY;

	if (control < 0)
		return -errno;
	memcpy(config.info.lo_file_name, name, strnlen(name, sizeof(config.info.lo_file_name) - 1));
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		_cleanup_free_ char *path = xasprintf("/dev/loop%d", number);

		if (number < 0)
			return -errno;
		r = attach_to(path, &config);
		if (r >= 0)
			*ret_path = TAKE_PTR(path);
	}
	return r;
}

/* The path may be a container's text: nothing else of the host is opened. */
static int open_loop(const char *path)
{
	static const char prefix[] = "/dev/loop";
	const char *number = path + strlen(prefix);

	if (strncmp(path, prefix, strlen(prefix)) != 0 || !*number ||
	    number[strspn(number, "0123456789")])
		return -1;
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool loop_device_has(const char *path, const struct stat *file)
{
	_cleanup_close_ int fd = open_loop(path);
	struct loop_info64 info;

	return fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
	       info.lo_device == file->st_dev && info.lo_inode == file->st_ino;
}

/* Opens only devices that have a file: opening a device that is being detached would keep it. */
char *loop_device_of(const struct stat *file)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/block");
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		_cleanup_free_ char *backing =
			xasprintf("/sys/block/%s/loop/backing_file", e->d_name);
		_cleanup_free_ char *path = xasprintf("/dev/%s", e->d_name);

		if (strncmp(e->d_name, "loop", 4) == 0 && access(backing, F_OK) == 0 &&
		    loop_device_has(path, file))
			return TAKE_PTR(path);
	}
	return NULL;
}
