/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/owners.h"
#include "util/fd.h"
#include "util/mem.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define DEPTH_MAX    64

static void add(struct container_facts *facts, const char *path, const char *file,
		const struct stat *st)
{
	struct cgroup_owner *o = ARRAY_ADD(facts->cgroup_owners, facts->n_cgroup_owners);

	o->path = xstrdup(path);
	o->file = xstrdup(file);
	o->uid = st->st_uid;
	o->gid = st->st_gid;
	o->mode = st->st_mode & 07777;
}

/*
 * All files of a cgroup belong to who made it; nobody gives away what can only
 * be read, so that one tells who that was. Then come those that were given away.
 */
static int add_files(struct container_facts *facts, int cgroup, const char *path)
{
	_cleanup_closedir_ DIR *dir = directory_at(cgroup, ".");
	struct stat maker, st;
	struct dirent *e;

	if (!dir || fstat(cgroup, &st) < 0 ||
	    fstatat(cgroup, "cgroup.controllers", &maker, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_gid != 0 || (st.st_mode & OTHERS_WRITE))
		add(facts, path, ".", &st);
	if (maker.st_uid != 0 || maker.st_gid != 0)
		add(facts, path, "*", &maker);
	while ((e = readdir(dir))) {
		if (e->d_type != DT_REG || fstatat(cgroup, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (st.st_uid != maker.st_uid || st.st_gid != maker.st_gid ||
		    (st.st_mode & OTHERS_WRITE))
			add(facts, path, e->d_name, &st);
	}
	return 0;
}

/* A cgroup that goes while this runs has no owner to keep. */
static int add_tree(struct container_facts *facts, int cgroup, const char *path, int depth)
{
	_cleanup_closedir_ DIR *dir = directory_at(cgroup, ".");
	int r = add_files(facts, cgroup, path);
	struct dirent *e;

	while (r == 0 && dir && depth < DEPTH_MAX && (e = readdir(dir))) {
		_cleanup_free_ char *below = NULL;
		_cleanup_close_ int fd = -1;

		if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		below = xasprintf("%s%s%s", path, *path ? "/" : "", e->d_name);
		fd = openat(cgroup, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : add_tree(facts, fd, below, depth + 1);
		if (r == -ENOENT || r == -ENODEV)
			r = 0;
	}
	return r;
}

int inspect_cgroup_owners(struct container_facts *facts, int cgroup, struct error **reterr)
{
	int r = cgroup == -ENOENT ? 0 : cgroup < 0 ? cgroup : add_tree(facts, cgroup, "", 0);

	if (r < 0)
		return error_refuse(reterr, -r, "the owners of %s's cgroup cannot be read: %s",
				    facts->name, strerror(-r));
	return 0;
}
