/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mounts what LXC would mount for a container's /. Runs in the monitor at a restore, and in the
 * command, read-only, for a check: as root, in the host's namespaces, which never see the mount.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "storage/rootfs_identity.h"
#include "storage/rootfs_mount.h"
#include "storage/rootfs_words.h"
#include "sys/detached_mount.h"
#include "sys/loop_device.h"
#include "sys/mountflags.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

/* How long a container that has just stopped may need to let go of its file. */
#define FREE_MS	     10000
#define FREE_TICK_MS 20

static int fail(const struct rootfs_wanted *w, int e, struct error **reterr)
{
	return error_refuse(reterr, -e, "cannot mount the rootfs %s as LXC does (%s): %s", w->path,
			    rootfs_kind_word(w->kind), strerror(-e));
}

/* For a look all layers are lower ones: nothing is written to the upper one. */
static char *overlay_look(const struct overlay_layers *l, const char *data)
{
	_cleanup_free_ char *upper = overlay_escape(l->dirs.v[l->dirs.n - 1]);

	return xasprintf("lowerdir=%s:%s%s%s", upper, l->lower, data ? "," : "", data ? data : "");
}

static char *overlay_data(const struct overlay_layers *l, const char *data)
{
	_cleanup_free_ char *work = overlay_work(l->upper);

	return xasprintf("upperdir=%s,lowerdir=%s,workdir=%s%s%s", l->upper, l->lower, work,
			 data ? "," : "", data ? data : "");
}

/* LXC makes it at each start. */
static int make_work(const struct overlay_layers *l)
{
	_cleanup_free_ char *work = overlay_work(l->dirs.v[l->dirs.n - 1]);

	return mkdir(work, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* The kernel may refuse an upper directory (index=on) that a stopping container still has. */
static int mount_when_free(const struct mount_request *m)
{
	const int64_t until = monotonic_ms() + FREE_MS;
	int fd;

	while ((fd = detached_mount(m)) == -EBUSY && monotonic_ms() < until)
		poll(NULL, 0, FREE_TICK_MS);
	return fd;
}

static int mount_overlay(const struct rootfs_wanted *w, unsigned long flags, const char *data)
{
	_cleanup_layers_ struct overlay_layers layers = {0};
	_cleanup_free_ char *all = NULL;
	struct mount_request request = {.type = "overlay", .flags = flags};
	int r;

	if (!overlay_layers_parse(w->path, &layers))
		return -EINVAL;
	r = w->look ? 0 : make_work(&layers);
	if (r < 0)
		return r;
	all = w->look ? overlay_look(&layers, data) : overlay_data(&layers, data);
	request.source = layers.lower;
	request.data = all;
	return mount_when_free(&request);
}

/* A journal is not replayed for a look. */
static char *look_data(const char *type, const char *data)
{
	const char *word = strncmp(type, "ext", 3) == 0 ? "noload"
			   : strcmp(type, "xfs") == 0	? "norecovery"
							: NULL;

	if (!word)
		return data ? xstrdup(data) : NULL;
	return xasprintf("%s%s%s", data ? data : "", data ? "," : "", word);
}

static int mount_device(const struct rootfs_wanted *w, const char *device, unsigned long flags,
			const char *data)
{
	_cleanup_free_ char *looking = w->look ? look_data(w->then->rootfs_type, data) : NULL;
	const struct mount_request request = {
		.source = device,
		.type = w->then->rootfs_type,
		.flags = flags,
		.data = w->look ? looking : data,
	};

	return detached_mount(&request);
}

static int wait_until_free(const struct stat *st, struct error **reterr)
{
	const int64_t until = monotonic_ms() + FREE_MS;
	_cleanup_free_ char *device = loop_device_of(st);

	while (device && monotonic_ms() < until) {
		poll(NULL, 0, FREE_TICK_MS);
		free(device);
		device = loop_device_of(st);
	}
	if (!device)
		return 0;
	error_refuse(reterr, EBUSY,
		     "the file of the rootfs is attached to %s: mounting it a second time would "
		     "destroy it",
		     device);
	error_set_hint(reterr, "unmount it, and detach it: losetup -d %s", device);
	return -EBUSY;
}

/* Two mounts by two devices know nothing of each other. */
static int mount_loop(const struct rootfs_wanted *w, unsigned long flags, const char *data,
		      struct error **reterr)
{
	_cleanup_close_ int file = rootfs_open_file(w->path, w->look);
	_cleanup_close_ int device = -1;
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int r;

	if (file < 0)
		return file;
	if (fstat(file, &st) < 0)
		return -errno;
	r = w->look ? 0 : wait_until_free(&st, reterr);
	if (r < 0)
		return r;
	device = loop_device_attach(file, w->path, w->look, &path);
	return device < 0 ? device : mount_device(w, path, flags, data);
}

static int mount_block(const struct rootfs_wanted *w, unsigned long flags, const char *data)
{
	_cleanup_close_ int device = rootfs_open_file(w->path, true);
	_cleanup_close_ int fd = -1;
	struct stat named, mounted;

	if (device < 0)
		return device;
	fd = mount_device(w, w->path, flags, data);
	if (fd < 0)
		return fd;
	/* that of btrfs has a number of its own */
	if (fstat(device, &named) < 0 || fstat(fd, &mounted) < 0 ||
	    (major(mounted.st_dev) != 0 && mounted.st_dev != named.st_rdev))
		return -EBUSY;
	return TAKE_FD(fd);
}

static int set_options(const struct rootfs_wanted *w, int fd)
{
	unsigned long flags;

	if (w->look || !w->then->rootfs_options ||
	    !mount_flags_parse(w->then->rootfs_options, &flags))
		return 0;
	return detached_set_flags(fd, flags);
}

int rootfs_mount(const struct rootfs_wanted *w, struct error **reterr)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *data = NULL;
	unsigned long flags;
	int r;

	rootfs_options_parse(w->options, &flags, &data);
	if (w->look)
		flags = (flags & ~(MS_LAZYTIME | MS_SYNCHRONOUS)) | MS_RDONLY | MS_NOATIME |
			MS_NOEXEC | MS_NOSUID | MS_NODEV;
	if (w->kind == ROOTFS_OVERLAY)
		fd = mount_overlay(w, flags, data);
	else if (w->kind == ROOTFS_LOOP)
		fd = mount_loop(w, flags, data, &e);
	else
		fd = mount_block(w, flags, data);
	if (e)
		return error_move(reterr, &e, EBUSY);
	r = fd < 0 ? fd : set_options(w, fd);
	return r < 0 ? fail(w, r, reterr) : TAKE_FD(fd);
}

char *rootfs_in_use(enum rootfs_kind kind, const char *path)
{
	struct stat st;

	return kind == ROOTFS_LOOP && stat(path, &st) == 0 ? loop_device_of(&st) : NULL;
}
