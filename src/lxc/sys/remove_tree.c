/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Removes directory trees that a container or another user may have made, and may still change.
 * Runs as root, in the command and in the monitor.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"

/* After so many entries that cannot be removed, the rest stays too. */
#define FAILURES_MAX 1000

/* A directory on the path from the top to the one that is being emptied, which is the last. */
struct level {
	dev_t dev;
	ino_t ino;
	char *name;	    /* in the one above; NULL: the top */
	struct strv failed; /* names in it that stay */
};

struct removal {
	int fd; /* the last level's directory */
	struct level *levels;
	size_t n;
	bool only_directories;
	bool (*keep)(const char *name, const void *userdata);
	const void *userdata; /* for keep */
	unsigned int failures;
	int ret;
};

static int open_same_mount(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH,
	};

	return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

static struct level *last(struct removal *r)
{
	return &r->levels[r->n - 1];
}

static void fail(struct removal *r, const char *name, int e)
{
	if (e == ENOENT)
		return;
	if (r->ret == 0)
		r->ret = -e;
	r->failures++;
	strv_add(&last(r)->failed, "%s", name);
}

static bool stays(struct removal *r, const char *name)
{
	const struct strv *failed = &last(r)->failed;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	if (r->n == 1 && r->keep && r->keep(name, r->userdata))
		return true;
	for (size_t i = 0; i < failed->n; i++)
		if (strcmp(failed->v[i], name) == 0)
			return true;
	return false;
}

/* The directory behind fd, which becomes the removal's. */
static int enter(struct removal *r, int fd, const char *name)
{
	struct level *l;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		fd_close(&fd);
		return -e;
	}
	fd_close(&r->fd);
	r->fd = fd;
	l = ARRAY_ADD(r->levels, r->n);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->name = name ? xstrdup(name) : NULL;
	return 0;
}

static void forget_last(struct removal *r)
{
	free(TAKE_PTR(last(r)->name));
	strv_free(&last(r)->failed);
	r->n--;
}

/* True: it was a non-empty directory, and is the last level now. */
static bool remove_or_enter(struct removal *r, const struct dirent *e)
{
	int error;

	if (r->only_directories && e->d_type != DT_DIR)
		return false;
	if (unlinkat(r->fd, e->d_name, r->only_directories ? AT_REMOVEDIR : 0) == 0)
		return false;
	error = errno;
	if (r->only_directories || error == EISDIR || error == EPERM)
		error = -enter(r, open_same_mount(r->fd, e->d_name), e->d_name);
	if (error == 0)
		return true;
	fail(r, e->d_name, error);
	return false;
}

/* True: it descended into another. */
static bool empty_last(struct removal *r)
{
	_cleanup_closedir_ DIR *dir = directory_at(r->fd, ".");
	struct dirent *e;

	while (dir && r->failures < FAILURES_MAX && (e = readdir(dir)))
		if (!stays(r, e->d_name) && remove_or_enter(r, e))
			return true;
	return false;
}

/* Goes back up; a directory that was moved meanwhile has another parent. */
static int leave_last(struct removal *r)
{
	const struct level *above = &r->levels[r->n - 2];
	_cleanup_free_ char *name = TAKE_PTR(last(r)->name);
	int up = openat(r->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (up < 0)
		return -errno;
	fd_close(&r->fd);
	r->fd = up;
	if (fstat(up, &st) < 0 || st.st_dev != above->dev || st.st_ino != above->ino)
		return -ESTALE;
	forget_last(r);
	if (unlinkat(up, name, AT_REMOVEDIR) < 0)
		fail(r, name, errno);
	return 0;
}

static int empty_all(struct removal *r)
{
	int e = 0;

	while (e == 0) {
		if (empty_last(r))
			continue;
		if (r->n == 1)
			break;
		e = leave_last(r);
	}
	return r->ret < 0 ? r->ret : e;
}

/* fd becomes the removal's. */
static int empty(int fd, struct removal r)
{
	int e = enter(&r, fd, NULL);

	if (e == 0)
		e = empty_all(&r);
	while (r.n > 0)
		forget_last(&r);
	free(r.levels);
	fd_close(&r.fd);
	return e;
}

int remove_contents_at(int dirfd, bool (*keep)(const char *name, const void *userdata),
		       const void *userdata)
{
	return empty(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		     (struct removal){.fd = -1, .keep = keep, .userdata = userdata});
}

int remove_tree(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = empty(fd, (struct removal){.fd = -1});
	if (r < 0)
		return r;
	return rmdir(path) < 0 ? -errno : 0;
}

int remove_cgroup_at(int parent, const char *name)
{
	int fd;

	/* most have none below, and there may be no free descriptor to look */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	empty(fd, (struct removal){.fd = -1, .only_directories = true});
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
