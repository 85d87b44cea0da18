/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the host's files that a container's processes have open. Runs in the command, and after
 * pre-start hooks in the monitor: as root, in the host's namespaces. The same at a dump and at a
 * restore, so that the same is compared.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "criu/outside_file.h"
#include "util/fd.h"
#include "util/mem.h"

static const struct ext_mount *mount_of(const struct container_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].key, key) == 0)
			return &facts->mounts[i];
	return NULL;
}

/* CRIU's paths have no links in them, and a file is on the mount that its path begins with. */
static int open_below(const char *top, const char *rest)
{
	_cleanup_close_ int root = open(top, O_PATH | O_CLOEXEC);

	if (root < 0 || !*rest)
		return TAKE_FD(root);
	return open_in_mount(root, rest, O_PATH);
}

int outside_file_open(const struct container_facts *facts, const char *rootfs,
		      const struct criu_files *files, const struct criu_file *file)
{
	const char *key = NULL;
	_cleanup_free_ char *below = criu_files_in_external(files, file, &key);
	const struct ext_mount *m = below ? mount_of(facts, key) : NULL;
	_cleanup_free_ char *rest = below ? NULL : criu_files_in_rootfs(files, file);
	int fd = -1;

	errno = 0;
	if (m)
		fd = open_below(m->source, below);
	else if (rest && rootfs)
		fd = open_below(rootfs, rest);
	return fd;
}

int outside_file_stat(int fd, struct stat *ret)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &stx) < 0 ||
	    fstat(fd, ret) < 0)
		return -errno;
	/* the kernel need not keep what it has just been told */
	ret->st_size = (off_t)stx.stx_size;
	ret->st_mtim.tv_sec = stx.stx_mtime.tv_sec;
	ret->st_mtim.tv_nsec = stx.stx_mtime.tv_nsec;
	return 0;
}

char *outside_file_name(const struct container_facts *facts, const struct criu_files *files,
			const struct criu_file *file)
{
	const char *key = NULL;
	_cleanup_free_ char *below = criu_files_in_external(files, file, &key);
	const struct ext_mount *m = below ? mount_of(facts, key) : NULL;
	_cleanup_free_ char *rest = below ? NULL : criu_files_in_rootfs(files, file);

	if (m)
		return xasprintf("%s%s%s", m->target, *below ? "/" : "", below);
	return rest ? xasprintf("/%s", rest) : xstrdup(file->path);
}
