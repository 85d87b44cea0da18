/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who owns the files of the container's cgroups: what of them is in the hands of
 * an unprivileged container. CRIU gives the directories their owners, and of the
 * files only those whose content it restores.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore/restore.h"
#include "util/fd.h"
#include "util/mem.h"

static int own_all(int cgroup, const struct cgroup_owner *o)
{
	_cleanup_closedir_ DIR *dir = directory_at(cgroup, ".");
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (e->d_type == DT_REG &&
		    fchownat(cgroup, e->d_name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return -errno;
	return 0;
}

/* A file of a controller that this host does not give its containers is not there: no loss. */
static int own(int cgroup, const struct cgroup_owner *o)
{
	if (strcmp(o->file, "*") == 0)
		return own_all(cgroup, o);
	if (fchownat(cgroup, o->file, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(cgroup, o->file, o->mode, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 0;
}

int cgroup_owners_apply(const struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest.facts;

	for (size_t i = 0; i < facts->n_cgroup_owners; i++) {
		const struct cgroup_owner *o = &facts->cgroup_owners[i];
		_cleanup_free_ char *path = xasprintf("%s/%s", r->payload, o->path);
		_cleanup_close_ int cgroup = openat(
			r->cgroup_root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int e = cgroup < 0 ? -errno : own(cgroup, o);

		if (e < 0)
			return error_set(reterr, -e,
					 "%s of the cgroup %s cannot be given its owner: %s",
					 o->file, path, strerror(-e));
	}
	return 0;
}
