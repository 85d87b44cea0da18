/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tells by which filesystem of the host a path is. Runs in the command, and after pre-start hooks
 * in the monitor: as root, in the host's namespaces.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry/block_filesystems.h"
#include "carry/source_filesystem.h"
#include "sys/mountinfo.h"
#include "util/fd.h"
#include "util/mem.h"

#define MOUNTINFO     "/proc/self/mountinfo"
#define MOUNTINFO_MAX (64 * 1024 * 1024)

/* --- the mounts --- */

static int compare_ids(const void *a, const void *b)
{
	const struct host_mount *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int read_mounts(struct host_mounts *h)
{
	ssize_t len = read_file_at(AT_FDCWD, MOUNTINFO, MOUNTINFO_MAX, &h->text);

	if (len < 0)
		return (int)len;
	for (const char *p = h->text; p && *p; p = mountinfo_next(p))
		*ARRAY_ADD(h->v, h->n) = (struct host_mount){strtoull(p, NULL, 10), p};
	if (h->n > 1)
		qsort(h->v, h->n, sizeof(*h->v), compare_ids);
	return 0;
}

void host_mounts_clear(struct host_mounts *h)
{
	free(h->text);
	free(h->v);
	free(h->device);
	free(h->type);
	free(h->identity);
	*h = (struct host_mounts){0};
}

/* --- a path --- */

/* Most paths are in few filesystems. */
static const char *identity_of(struct host_mounts *h, const char *device, const char *type)
{
	if (h->device && strcmp(h->device, device) == 0 && strcmp(h->type, type) == 0)
		return h->identity;
	free(h->device);
	free(h->type);
	free(h->identity);
	h->device = xstrdup(device);
	h->type = xstrdup(type);
	h->identity = block_device_identity(device, type);
	return h->identity;
}

/*
 * A directory is opened as one, so that what mounts itself when it is needed (autofs) does. What
 * must not be waited for is not asked.
 */
static int look_at(const char *path, struct statx *ret)
{
	const unsigned int wanted = STATX_INO | STATX_MNT_ID;
	_cleanup_close_ int fd = open_without_links(path, O_PATH | O_DIRECTORY);

	if (fd < 0 && errno == ENOTDIR)
		fd = open_without_links(path, O_PATH);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, ret) < 0)
		return -errno;
	return (ret->stx_mask & wanted) == wanted ? 0 : -EOPNOTSUPP;
}

int source_filesystem_read(struct host_mounts *h, const char *path, struct source_filesystem *ret)
{
	_cleanup_mountinfo_ struct mountinfo info = {0};
	const struct host_mount *m;
	struct host_mount key = {0};
	struct statx st;
	const char *identity;
	int r = look_at(path, &st);

	/* after the path, which may have mounted something */
	if (r == 0 && !h->text)
		r = read_mounts(h);
	if (r < 0)
		return r;
	key.id = st.stx_mnt_id;
	m = h->n ? bsearch(&key, h->v, h->n, sizeof(key), compare_ids) : NULL;
	if (!m || !mountinfo_parse(m->line, &info))
		return -ENOENT;
	identity = *info.source == '/' ? identity_of(h, info.source, info.type) : NULL;
	*ret = (struct source_filesystem){
		.mount_point = TAKE_PTR(info.point),
		.type = TAKE_PTR(info.type),
		.identity = identity ? xstrdup(identity) : NULL,
		.inode = st.stx_ino,
	};
	return 0;
}

void source_filesystem_clear(struct source_filesystem *f)
{
	free(f->mount_point);
	free(f->type);
	free(f->identity);
	*f = (struct source_filesystem){0};
}

/* --- then and now --- */

/* A subvolume of btrfs has a mount point of its own, and the identity of the whole. */
static bool differs(const struct source_filesystem *then, const struct source_filesystem *now)
{
	return strcmp(then->type, now->type) != 0 ||
	       (then->identity && now->identity && strcmp(then->identity, now->identity) != 0);
}

static bool is_above(const char *path, const char *other)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	return strncmp(path, other, len) == 0 && other[len] == '/';
}

enum source_change source_filesystem_compare(const struct source_filesystem *then,
					     const struct source_filesystem *now)
{
	bool other = differs(then, now);

	if (strcmp(then->mount_point, now->mount_point) == 0)
		return other ? SOURCE_ANOTHER : SOURCE_SAME;
	/* the same directory, however it is mounted */
	if (!other && then->inode == now->inode)
		return SOURCE_SAME;
	return is_above(now->mount_point, then->mount_point) ? SOURCE_MISSING : SOURCE_ANOTHER;
}

bool filesystem_is_kernels(const char *type)
{
	static const char *const types[] = {
		"binfmt_misc", "bpf",	 "cgroup",   "cgroup2",	 "configfs",
		"debugfs",     "devpts", "devtmpfs", "efivarfs", "fusectl",
		"hugetlbfs",   "mqueue", "nsfs",     "proc",	 "pstore",
		"securityfs",  "sysfs",	 "tracefs",  "autofs",	 "selinuxfs",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}
