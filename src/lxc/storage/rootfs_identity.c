/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Describes and compares what LXC makes a rootfs of. Runs in the command, and at a restore in the
 * monitor too: as root, in the host's namespaces. It reads only, and only what the configuration
 * names.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "carry/block_filesystems.h"
#include "carry/source_filesystem.h"
#include "storage/rootfs_identity.h"
#include "storage/rootfs_words.h"
#include "sys/loop_device.h"
#include "sys/mountflags.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/mem.h"

/* How often two looks at one filesystem may differ, because others write to it. */
#define LOOKS 50

const char *rootfs_kind_word(enum rootfs_kind kind)
{
	switch (kind) {
	case ROOTFS_OVERLAY:
		return "overlay";
	case ROOTFS_LOOP:
		return "loop";
	case ROOTFS_BLOCK_DEVICE:
		return "device";
	default:
		return NULL;
	}
}

/*
 * LXC mounts a rootfs that is not a directory on the host when the container starts. LXC writes the
 * kind before the path, which liblxc does not always return.
 */
enum rootfs_kind rootfs_kind_of(const char *path)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (strncmp(path, "overlay", strlen("overlay")) == 0 || (!there && strstr(path, ":/")))
		return ROOTFS_OVERLAY;
	if (strncmp(path, "loop:", strlen("loop:")) == 0 || (there && S_ISREG(st.st_mode)))
		return ROOTFS_LOOP;
	if (there && S_ISBLK(st.st_mode))
		return ROOTFS_BLOCK_DEVICE;
	if (*path != '/')
		return ROOTFS_OTHER;
	return there && S_ISDIR(st.st_mode) ? ROOTFS_DIRECTORY : ROOTFS_MISSING;
}

/* --- layers --- */

/* The layers in the order in which the manifest has them. */
static void name_layers(enum rootfs_kind kind, const char *path, struct strv *ret)
{
	_cleanup_layers_ struct overlay_layers layers = {0};

	if (kind == ROOTFS_LOOP)
		strv_add(ret, "%s", path);
	else if (kind == ROOTFS_OVERLAY && overlay_layers_parse(path, &layers))
		for (size_t i = 0; i < layers.dirs.n; i++)
			strv_add(ret, "%s", layers.dirs.v[i]);
}

/* A link in its path is the admin's, and LXC follows it. */
static int read_layer(struct host_mounts *mounts, const char *path, struct source_filesystem *ret)
{
	_cleanup_free_ char *real = realpath(path, NULL);

	return real ? source_filesystem_read(mounts, real, ret) : -errno;
}

static void describe_layer(struct container_facts *f, struct host_mounts *mounts, const char *path)
{
	struct rootfs_layer *l = ARRAY_ADD(f->rootfs_layers, f->n_rootfs_layers);
	struct source_filesystem now = {0};

	l->path = xstrdup(path);
	if (read_layer(mounts, path, &now) == 0 && now.mount_point[0] == '/') {
		l->mount_point = TAKE_PTR(now.mount_point);
		l->filesystem = TAKE_PTR(now.type);
		l->identity = TAKE_PTR(now.identity);
		l->inode = now.inode <= INT64_MAX ? now.inode : 0;
	}
	source_filesystem_clear(&now);
}

void rootfs_describe_directory(struct container_facts *f)
{
	_cleanup_host_mounts_ struct host_mounts mounts = {0};

	describe_layer(f, &mounts, f->rootfs);
}

void rootfs_describe_hooks_directory(struct container_facts *f, const struct rootfs_seen *seen,
				     uint64_t inode)
{
	struct rootfs_layer *l = ARRAY_ADD(f->rootfs_layers, f->n_rootfs_layers);

	l->path = xstrdup(f->rootfs);
	l->mount_point = xstrdup(f->rootfs);
	l->filesystem = xstrdup(seen->type);
	if (*seen->source == '/')
		l->identity = block_device_identity(seen->source, seen->type);
	l->inode = inode <= INT64_MAX ? inode : 0;
	f->rootfs_inode = l->inode;
}

/* --- what is mounted --- */

/* A look at the upper directory's filesystem, and one at the overlay, which shows that one's. */
static bool counts_are_equal(const char *upper, const char *overlay)
{
	struct statfs a, b;

	return statfs(upper, &a) < 0 || statfs(overlay, &b) < 0 ||
	       (a.f_bsize == b.f_bsize && a.f_blocks == b.f_blocks && a.f_bfree == b.f_bfree &&
		a.f_files == b.f_files && a.f_ffree == b.f_ffree);
}

/* Others write to the filesystem meanwhile. */
static bool has_that_upper(const char *upper, const char *overlay)
{
	for (int i = 0; i < LOOKS; i++)
		if (counts_are_equal(upper, overlay))
			return true;
	return false;
}

/* libmount has decoded the options: a comma in a name does not tell from one between two. */
static bool has_layers(const struct overlay_layers *l, const char *data)
{
	_cleanup_free_ char *work = overlay_work(l->upper);
	_cleanup_free_ char *wanted =
		xasprintf(",lowerdir=%s,upperdir=%s,workdir=%s,", l->lower, l->upper, work);
	_cleanup_free_ char *found = xasprintf(",%s,", data);

	return strstr(found, wanted) != NULL;
}

static char *overlay_differs(const struct container_facts *f, const struct rootfs_seen *seen)
{
	_cleanup_layers_ struct overlay_layers layers = {0};

	if (strcmp(seen->type, "overlay") != 0)
		return xasprintf("is a filesystem of type %s, no overlay", seen->type);
	if (!overlay_layers_parse(f->rootfs, &layers))
		return xstrdup("has a layer that is not an absolute path");
	if (mount_options_have(seen->data, "volatile") ||
	    mount_options_have(seen->data, "fsync=volatile"))
		return xstrdup("is mounted with \"volatile\": the kernel does not mount its upper "
			       "directory a second time");
	if (!has_layers(&layers, seen->data))
		return xasprintf("is mounted with other layers: %s", seen->data);
	if (!has_that_upper(layers.dirs.v[layers.dirs.n - 1], seen->root))
		return xasprintf("is mounted with an upper directory that is not %s on the host",
				 layers.dirs.v[layers.dirs.n - 1]);
	return NULL;
}

/*
 * Any filesystem names as its source what the container likes. Only by its number it is on that
 * device; one of several devices has a number of its own, and the kernel names its source.
 */
static bool is_on(const struct rootfs_seen *seen, dev_t device)
{
	struct stat source;

	if (seen->dev == device)
		return true;
	return strcmp(seen->type, "btrfs") == 0 && stat(seen->source, &source) == 0 &&
	       S_ISBLK(source.st_mode) && source.st_rdev == device;
}

static char *loop_differs(const struct container_facts *f, const struct rootfs_seen *seen)
{
	struct stat st, device;

	if (stat(f->rootfs, &st) < 0)
		return xstrdup("is not there any more");
	if (!loop_device_has(seen->source, &st) || stat(seen->source, &device) < 0 ||
	    !is_on(seen, device.st_rdev))
		return xasprintf("is mounted from %s, no loop device with that file", seen->source);
	return NULL;
}

static char *device_differs(const struct container_facts *f, const struct rootfs_seen *seen)
{
	struct stat named;

	if (stat(f->rootfs, &named) < 0)
		return xstrdup("is not there any more");
	if (is_on(seen, named.st_rdev))
		return NULL;
	return xasprintf("is mounted from %s", seen->source);
}

char *rootfs_describe(struct container_facts *f, enum rootfs_kind kind,
		      const struct rootfs_seen *seen)
{
	_cleanup_strv_ struct strv layers = {0};
	_cleanup_host_mounts_ struct host_mounts mounts = {0};
	char *differs = kind == ROOTFS_OVERLAY ? overlay_differs(f, seen)
			: kind == ROOTFS_LOOP  ? loop_differs(f, seen)
					       : device_differs(f, seen);

	if (differs)
		return differs;
	f->rootfs_kind = xstrdup(rootfs_kind_word(kind));
	if (kind != ROOTFS_OVERLAY) {
		f->rootfs_type = xstrdup(seen->type);
		f->rootfs_identity = block_device_identity(
			kind == ROOTFS_LOOP ? seen->source : f->rootfs, seen->type);
	}
	name_layers(kind, f->rootfs, &layers);
	for (size_t i = 0; i < layers.n; i++)
		describe_layer(f, &mounts, layers.v[i]);
	return NULL;
}

/* --- then and now --- */

static char *tell_filesystem(const struct source_filesystem *then,
			     const struct source_filesystem *now, const char *path)
{
	return xasprintf("%s is in another filesystem: %s%s%s on %s (then: %s%s%s on %s)", path,
			 now->type, now->identity ? " " : "", now->identity ? now->identity : "",
			 now->mount_point, then->type, then->identity ? " " : "",
			 then->identity ? then->identity : "", then->mount_point);
}

static struct source_filesystem filesystem_of(const struct rootfs_layer *l)
{
	return (struct source_filesystem){
		.mount_point = l->mount_point,
		.type = l->filesystem,
		.identity = l->identity,
		.inode = l->inode,
	};
}

static bool is_known(const struct rootfs_layer *l)
{
	return l->mount_point && l->filesystem && l->inode;
}

static enum rootfs_change compare_layer(const struct rootfs_layer *l, struct host_mounts *mounts,
					const char *path, char **ret)
{
	const struct source_filesystem then = filesystem_of(l);
	struct source_filesystem now = {0};
	int r = read_layer(mounts, path, &now);

	if (r < 0) {
		*ret = xasprintf("%s cannot be looked at: %s", path, strerror(-r));
		return ROOTFS_NONE;
	}
	if (is_known(l) && source_filesystem_compare(&then, &now) != SOURCE_SAME)
		*ret = tell_filesystem(&then, &now, path);
	else if (is_known(l) && now.inode != then.inode)
		*ret = xasprintf("%s is another one (inode %llu, then %llu)", path,
				 (unsigned long long)now.inode, (unsigned long long)then.inode);
	source_filesystem_clear(&now);
	return *ret ? ROOTFS_ANOTHER : ROOTFS_SAME;
}

static enum rootfs_change compare_layers(const struct container_facts *then, enum rootfs_kind kind,
					 const char *path, char **ret)
{
	_cleanup_strv_ struct strv layers = {0};
	_cleanup_host_mounts_ struct host_mounts mounts = {0};
	enum rootfs_change change = ROOTFS_SAME;

	name_layers(kind, path, &layers);
	if (layers.n != then->n_rootfs_layers) {
		*ret = xasprintf("it has %zu layers and had %zu", layers.n, then->n_rootfs_layers);
		return ROOTFS_ANOTHER;
	}
	for (size_t i = 0; change == ROOTFS_SAME && i < layers.n; i++)
		change = compare_layer(&then->rootfs_layers[i], &mounts, layers.v[i], ret);
	return change;
}

int rootfs_open_file(const char *path, bool read_only)
{
	_cleanup_close_ int place = open(path, O_PATH | O_CLOEXEC);
	_cleanup_free_ char *again = xasprintf("/proc/self/fd/%d", place);
	struct stat st;
	int fd;

	if (place < 0 || fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENOTBLK;
	fd = open(again, (read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static enum rootfs_change compare_filesystem(const struct container_facts *then, const char *path,
					     char **ret)
{
	_cleanup_close_ int fd = rootfs_open_file(path, true);
	_cleanup_free_ char *now = NULL;

	if (fd < 0) {
		*ret = fd == -ENOTBLK ? xasprintf("%s is neither file nor block device", path)
				      : xasprintf("%s cannot be opened: %s", path, strerror(-fd));
		return ROOTFS_NONE;
	}
	now = block_filesystem_identity(fd, then->rootfs_type);
	if (then->rootfs_identity && !now) {
		*ret = xasprintf("%s holds no filesystem of type %s", path, then->rootfs_type);
		return ROOTFS_ANOTHER;
	}
	if (then->rootfs_identity && strcmp(then->rootfs_identity, now) != 0) {
		*ret = xasprintf("%s holds another filesystem: it was %s %s and is %s", path,
				 then->rootfs_type, then->rootfs_identity, now);
		return ROOTFS_ANOTHER;
	}
	return ROOTFS_SAME;
}

enum rootfs_change rootfs_compare(const struct container_facts *then, enum rootfs_kind kind,
				  const char *path, char **ret)
{
	const char *now = rootfs_kind_word(kind);
	enum rootfs_change change;
	bool known;

	*ret = NULL;
	if (!now || !then->rootfs_kind || strcmp(now, then->rootfs_kind) != 0) {
		*ret = xasprintf("it was %s and is %s",
				 then->rootfs_kind ? then->rootfs_kind : "a directory",
				 now ? now : "a directory");
		return ROOTFS_NONE;
	}
	if (kind == ROOTFS_OVERLAY)
		return compare_layers(then, kind, path, ret);
	change = compare_filesystem(then, path, ret);
	if (change != ROOTFS_SAME || kind != ROOTFS_LOOP)
		return change;
	known = then->rootfs_identity != NULL;
	change = compare_layers(then, kind, path, ret);
	return change == ROOTFS_ANOTHER && known ? ROOTFS_COPY : change;
}

/*
 * A directory that is moved to another machine has another filesystem around it. But one on which
 * a filesystem was mounted is not the container's without that.
 */
enum rootfs_change rootfs_compare_directory(const struct container_facts *then, const char *path,
					    char **ret)
{
	const struct rootfs_layer *l = then->n_rootfs_layers == 1 ? then->rootfs_layers : NULL;
	_cleanup_host_mounts_ struct host_mounts mounts = {0};
	_cleanup_free_ char *real = realpath(path, NULL);
	struct source_filesystem was, now = {0};

	*ret = NULL;
	if (!l || !is_known(l) || !real || strcmp(real, l->mount_point) != 0 ||
	    strcmp(path, then->rootfs) != 0 || source_filesystem_read(&mounts, real, &now) < 0)
		return ROOTFS_SAME;
	was = filesystem_of(l);
	if (source_filesystem_compare(&was, &now) != SOURCE_SAME)
		*ret = tell_filesystem(&was, &now, path);
	source_filesystem_clear(&now);
	return *ret ? ROOTFS_ANOTHER : ROOTFS_SAME;
}
