/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Decides who could have written an image, or replaced it, by owners, modes, links and every
 * directory of its path. Runs in the command and in the monitor, as root, in the host's mount
 * namespace; it changes nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry/file_times.h"
#include "criu/image_names.h"
#include "image/guard.h"
#include "image/history.h"
#include "image/image_private.h"
#include "util/fd.h"
#include "util/mem.h"

#define LINKS_MAX 40 /* as the kernel has it */

static const char plain_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* --- the way --- */

const char *guard_step_wrong(const struct stat *dir, const struct stat *st, long owner)
{
	bool theirs = owner > 0 && dir->st_uid == (uid_t)owner;
	bool group = (dir->st_mode & S_IWGRP) && dir->st_gid != 0 && !theirs;

	if (dir->st_uid != 0 && !theirs)
		return "does not belong to root";
	if (!group && !(dir->st_mode & S_IWOTH))
		return NULL;
	/* as in /tmp: only the owner may remove or rename a file */
	if ((dir->st_mode & S_ISVTX) && st->st_uid == 0)
		return NULL;
	return "is writable by users other than root";
}

/* The position of a walk along a path. */
struct walk {
	int fd; /* O_PATH; what path has led to so far */
	char *path;
	struct stat st;
	char *rest; /* the rest of the path */
	unsigned int links;
};

static void walk_clear(struct walk *w)
{
	fd_close(&w->fd);
	free(w->path);
	free(w->rest);
}

static int walk_from_root(struct walk *w)
{
	fd_close(&w->fd);
	free(w->path);
	w->path = xstrdup("");
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return w->fd < 0 || fstat(w->fd, &w->st) < 0 ? -errno : 0;
}

static int refuse_way(const struct walk *w, const char *wrong, struct error **reterr)
{
	const char *dir = *w->path ? w->path : "/";

	error_refuse(reterr, EPERM, "%s, on the path to the image, %s", dir, wrong);
	error_set_hint(reterr, "whoever can replace an image can become root: keep it in a "
			       "directory that only root can write to");
	return -EPERM;
}

/* Replaces a link in the rest of the path by its target. */
static int follow(struct walk *w, int link, struct error **reterr)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));
	char *rest;

	if (n < 0 || n == sizeof(target) || w->links++ == LINKS_MAX)
		return error_refuse(reterr, ELOOP, "too many or too long links below %s", w->path);
	rest = xasprintf("%.*s/%s", (int)n, target, w->rest);
	free(w->rest);
	w->rest = rest;
	return *target == '/' ? walk_from_root(w) : 0;
}

/* Walks one component further. Returns 1 if it does not exist, and only root can make it. */
static int step(struct walk *w, const char *name, long owner, struct error **reterr)
{
	_cleanup_close_ int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool missing = fd < 0 && errno == ENOENT;
	struct stat st = {0};
	const char *wrong;

	if (!missing && (fd < 0 || fstat(fd, &st) < 0))
		return error_errno(reterr, "cannot open %s/%s", w->path, name);
	wrong = guard_step_wrong(&w->st, &st, owner);
	if (wrong)
		return refuse_way(w, wrong, reterr);
	if (missing)
		return 1;
	if (S_ISLNK(st.st_mode))
		return follow(w, fd, reterr);
	close(w->fd);
	w->fd = TAKE_FD(fd);
	w->st = st;
	str_append(&w->path, "/%s", name);
	return 0;
}

/* Returns the next component, or NULL at the end. Caller frees. */
static char *next_component(struct walk *w)
{
	const char *p = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(p, "/");
	char *name = len > 0 ? xstrndup(p, len) : NULL;
	char *rest = xstrdup(p + len);

	free(w->rest);
	w->rest = rest;
	return name;
}

int guard_way(const char *path, long owner, struct stat *ret_last, struct error **reterr)
{
	__attribute__((cleanup(walk_clear))) struct walk w = {.fd = -1};
	char here[PATH_MAX] = "";
	int r;

	if (*path != '/' && !getcwd(here, sizeof(here)))
		return error_errno(reterr, "cannot find out the working directory");
	w.rest = xasprintf("%s/%s", here, path);
	r = walk_from_root(&w);
	if (r < 0)
		return error_set(reterr, -r, "cannot open /: %s", strerror(-r));
	while (r == 0) {
		_cleanup_free_ char *name = next_component(&w);

		if (!name)
			break;
		r = step(&w, name, owner, reterr);
	}
	if (r < 0)
		return r;
	*ret_last = w.st;
	return r == 0;
}

/* --- the files --- */

const char *guard_file_wrong(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (S_ISDIR(st->st_mode))
		return "is a directory";
	if (!S_ISREG(st->st_mode))
		return "is a device, a socket or a FIFO";
	if (st->st_uid != 0)
		return "does not belong to root";
	/* with an ACL too: the group bits are all that an ACL grants */
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "is writable by users other than root";
	if (st->st_mode & (S_ISUID | S_ISGID))
		return "has a set-id bit";
	/* under its other name others may reach it, or it may be a file of the host */
	if (st->st_nlink > 1)
		return "has another name somewhere (a hard link)";
	return NULL;
}

static int refuse_file(const char *path, const char *name, const char *wrong, struct error **reterr)
{
	error_refuse(reterr, EPERM, "%s/%s %s", path, name, wrong);
	error_set_hint(reterr, "an image can do whatever root can: if you trust its origin, "
			       "correct that, or copy the image with cp -a");
	return -EPERM;
}

int guard_open(int dirfd, const char *path, const char *name, struct error **reterr)
{
	struct stat st;

	return guard_open_stat(dirfd, path, name, &st, reterr);
}

int guard_open_stat(int dirfd, const char *path, const char *name, struct stat *ret,
		    struct error **reterr)
{
	/* do not wait for a FIFO */
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *wrong;

	if (fd < 0 && errno == ELOOP)
		return refuse_file(path, name, "is a symbolic link", reterr);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, ret) < 0)
		return error_refuse(reterr, errno, "cannot open %s/%s: %s", path, name,
				    strerror(errno));
	wrong = guard_file_wrong(ret);
	return wrong ? refuse_file(path, name, wrong, reterr) : TAKE_FD(fd);
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

/*
 * Names that begin with a dot belong to our unfinished files, which an interruption leaves behind,
 * or to an editor. Names with characters other than plain letters come from an action script. CRIU
 * uses no such names, so these files may be anything.
 */
enum guard_name guard_name(const char *name)
{
	static const char *const beside[] = {MANIFEST_NAME, IMAGE_MARKER, IMAGE_REPLACED,
					     HISTORY_NAME};

	if (name[0] == '.' || name[strspn(name, plain_letters)] != '\0' ||
	    strcmp(name, "lost+found") == 0)
		return GUARD_IGNORED;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		if (strcmp(name, beside[i]) == 0)
			return GUARD_BESIDE;
	/* the commit writes to them, and each restore does again */
	if (criu_is_statistics(name) || ends_with(name, ".log"))
		return GUARD_BESIDE;
	return GUARD_PART;
}

bool guard_is_stray(const char *name)
{
	/* the times are read whether the manifest lists them or not */
	return !criu_reads(name) && strcmp(name, FILE_TIMES_NAME) != 0;
}

static int compare_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct image_file *)file)->name);
}

static bool is_listed(const struct manifest *m, const char *name)
{
	return bsearch(name, m->files, m->n_files, sizeof(*m->files), compare_name) != NULL;
}

static int refuse_unlisted(const char *path, const char *name, struct error **reterr)
{
	error_refuse(reterr, EPERM, "%s/%s is not part of this checkpoint", path, name);
	error_set_hint(reterr, "a restore would read a file of that name: remove it, or restore "
			       "from another copy of the image");
	return -EPERM;
}

static int check_entry(int dirfd, const char *path, const char *name, const struct manifest *m,
		       struct error **reterr)
{
	enum guard_name kind = guard_name(name);
	const char *wrong;
	struct stat st;

	if (kind == GUARD_IGNORED)
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_refuse(reterr, errno, "cannot look at %s/%s: %s", path, name,
				    strerror(errno));
	/* nobody reads it: it may hold the checkpoint of another container */
	if (kind == GUARD_PART && S_ISDIR(st.st_mode) && guard_is_stray(name) &&
	    !is_listed(m, name))
		return 0;
	wrong = guard_file_wrong(&st);
	if (wrong)
		return refuse_file(path, name, wrong, reterr);
	if (kind == GUARD_PART && !is_listed(m, name) && !guard_is_stray(name))
		return refuse_unlisted(path, name, reterr);
	return 0;
}

static bool is_directory(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

void guard_each_stray(int dirfd, const struct manifest *m,
		      void (*stray)(const char *file, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (guard_name(e->d_name) == GUARD_PART && guard_is_stray(e->d_name) &&
		    !is_listed(m, e->d_name) && !is_directory(dirfd, e->d_name))
			stray(e->d_name, userdata);
}

int guard_files(int dirfd, const char *path, const struct manifest *m, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	if (!dir)
		return error_errno(reterr, "cannot list %s", path);
	while ((e = readdir(dir))) {
		int r = check_entry(dirfd, path, e->d_name, m, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

int guard_each(int dirfd, const char *path, const struct manifest *m,
	       void (*wrong)(const char *file, const struct error *e, void *userdata),
	       void *userdata, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return error_errno(reterr, "cannot list %s", path);
	while ((entry = readdir(dir))) {
		_cleanup_error_ struct error *e = NULL;

		if (check_entry(dirfd, path, entry->d_name, m, &e) == 0)
			continue;
		wrong(entry->d_name, e, userdata);
		if (r == 0)
			r = error_move(reterr, &e, EPERM);
	}
	return r;
}
