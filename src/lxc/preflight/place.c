/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks where an image is, who can read it, and what else is there: before a dump the directory
 * to be written, before a restore the existing image. Runs in the command, as root on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/guard.h"
#include "preflight/restore/restore_checks.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

#define LEVELS_MAX 4096
#define NAMED_MAX  8

/* The directory itself, or the nearest existing one above it; -1. */
static int open_nearest(const char *directory)
{
	_cleanup_free_ char *path = xstrdup(directory);

	for (;;) {
		int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		char *slash = strrchr(path, '/');

		if (fd >= 0 || errno != ENOENT)
			return fd;
		if (!slash)
			return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (slash == path && path[1] == '\0')
			return -1;
		slash[slash == path] = '\0';
	}
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Walks upwards, by the identity of directories and not by their names: links and bind mounts lead
 * there too.
 */
static bool is_inside(int directory, const struct stat *top)
{
	_cleanup_close_ int fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	struct stat st, last = {0};

	for (int i = 0; i < LEVELS_MAX && fd >= 0 && fstat(fd, &st) == 0; i++) {
		int up;

		if (is_same(&st, top))
			return true;
		if (i > 0 && is_same(&st, &last))
			return false;
		last = st;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = up;
	}
	return false;
}

static bool is_below(int fd, const char *path)
{
	struct stat top;

	return fd >= 0 && strcmp(path, "/") != 0 && stat(path, &top) == 0 && is_inside(fd, &top);
}

/*
 * Processes in the container could read its memory there, and change what a restore runs as root.
 * And a rootfs that is rolled back or removed takes the checkpoint with it.
 */
void check_image_place(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	_cleanup_close_ int fd = s->p->directory ? open_nearest(s->p->directory) : -1;
	bool inside = facts->rootfs && is_below(fd, facts->rootfs);

	for (size_t i = 0; !inside && i < facts->n_rootfs_layers; i++)
		inside = is_below(fd, facts->rootfs_layers[i].path);
	if (!inside)
		return;
	findings_add(s->found,
		     FINDING("directory", FINDING_BLOCKS,
			     "name a directory outside of the container with -D"),
		     "%s is in the rootfs of %s: processes in the container could read and "
		     "change the checkpoint",
		     s->p->directory, facts->name);
}

static bool others_can_read(int fd)
{
	_cleanup_closedir_ DIR *dir = directory_at(fd, ".");
	struct stat st;
	struct dirent *e;

	if (fstat(fd, &st) < 0 || !(st.st_mode & (S_IXGRP | S_IXOTH)))
		return false;
	while (dir && (e = readdir(dir)))
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    (st.st_mode & (S_IRGRP | S_IROTH)))
			return true;
	return false;
}

/*
 * After a copy, for example, all of the container's memory, with passwords and keys, may be
 * readable.
 */
void check_readers(const struct restore_check *r, struct findings *found)
{
	if (r->image >= 0 && others_can_read(r->image))
		findings_add(
			found,
			FINDING("readable", FINDING_WARNING,
				"remove the permission: chmod -R go= on the directory"),
			"users other than root can read %s, which holds the whole memory of %s",
			r->image_path, r->name);
}

struct strays {
	const struct restore_check *r;
	struct findings *found;
	size_t n;
};

static void tell_stray(const char *file, void *userdata)
{
	struct strays *s = userdata;

	if (s->n++ < NAMED_MAX)
		findings_add(
			s->found,
			FINDING("stray-file", FINDING_WARNING, "remove it, or keep it elsewhere"),
			"%s/%s is not part of the checkpoint, and is ignored", s->r->image_path,
			file);
}

/* A core, an editor's backup, notes: nobody reads them. */
void check_strays(const struct restore_check *r, struct findings *found)
{
	struct strays s = {.r = r, .found = found};

	if (r->image < 0)
		return;
	guard_each_stray(r->image, r->manifest, tell_stray, &s);
	if (s.n > NAMED_MAX)
		findings_add(found,
			     FINDING("stray-file", FINDING_WARNING,
				     "remove them, or keep them elsewhere"),
			     "%zu more files in %s are not part of the checkpoint", s.n - NAMED_MAX,
			     r->image_path);
}
