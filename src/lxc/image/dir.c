/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes, locks, replaces and abandons the image directory of a checkpoint that is being written.
 * Runs in the command, as root, in the host's namespaces.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/follow.h"
#include "image/guard.h"
#include "image/image_private.h"
#include "image/history.h"
#include "image/in_use.h"
#include "image/image_place.h"
#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"

static const char marker_text[] =
	"A checkpoint was begun here and has not been completed: this directory cannot be\n"
	"restored. The next lxc-checkpoint into it clears it away.\n";

void image_free(struct image *img)
{
	if (!img)
		return;
	follow_free(img->follower);
	fd_close(&img->dirfd);
	free(img->path);
	free(img->final_path);
	free(img);
}

bool image_has_file(const struct image *img, const char *name)
{
	struct stat st;

	/* a directory of such a name is somebody else's */
	return fstatat(img->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
}

DIR *image_list(const struct image *img)
{
	return directory_at(img->dirfd, ".");
}

/*
 * Names that a filesystem makes, or that we make before anything else. All others belong to
 * somebody else.
 */
static bool is_ours(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "lost+found") == 0 || strcmp(name, "." IMAGE_MARKER ".tmp") == 0;
}

bool image_is_empty(const struct image *img)
{
	_cleanup_closedir_ DIR *dir = image_list(img);
	struct dirent *e;

	if (!dir)
		return false;
	while ((e = readdir(dir)))
		if (!is_ours(e->d_name))
			return false;
	return true;
}

int image_sync(const struct image *img, struct error **reterr)
{
	if (fsync(img->dirfd) < 0)
		return error_errno(reterr, "cannot flush %s to disk", img->path);
	return 0;
}

int image_sync_parent(const char *path, struct error **reterr)
{
	_cleanup_free_ char *up = xasprintf("%s/..", path);
	_cleanup_close_ int fd = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(reterr, "cannot flush the directory of %s to disk", path);
	return 0;
}

/* What clear() leaves. */
struct clearing {
	const struct image *img;
	const struct manifest *manifest; /* NULL: it was not complete */
	bool keep_log;
};

static bool keeps(const char *name, const void *userdata)
{
	const struct clearing *c = userdata;

	return strcmp(name, IMAGE_MARKER) == 0 || strcmp(name, IMAGE_REPLACED) == 0 ||
	       (c->keep_log && strcmp(name, IMAGE_LOG) == 0) || strcmp(name, "lost+found") == 0 ||
	       image_place_is_other(c->img->dirfd, name, c->manifest);
}

/*
 * Clears the directory, but for what somebody else has put there. The manifest goes first: without
 * it, the rest is not a checkpoint, whatever happens next. The markers go last, because they say
 * that the rest may go.
 */
static int clear(const struct image *img, bool keep_log)
{
	_cleanup_manifest_ struct manifest m = {0};
	struct clearing c = {.img = img, .keep_log = keep_log};
	int r;

	if (image_read_manifest(img, &m, NULL) == 0)
		c.manifest = &m;
	if (unlinkat(img->dirfd, MANIFEST_NAME, 0) == 0)
		fsync(img->dirfd);
	else if (errno != ENOENT)
		return -errno;
	r = remove_contents_at(img->dirfd, keeps, &c);
	if (r < 0 || keep_log)
		return r;
	fsync(img->dirfd);
	unlinkat(img->dirfd, IMAGE_REPLACED, 0);
	unlinkat(img->dirfd, IMAGE_MARKER, 0);
	return 0;
}

static const char replaced_text[] =
	"Another checkpoint takes, or has taken, the place of this one. If it is in a directory "
	"that\n"
	"ends in " IMAGE_STAGING ", it is the old one, and goes with the next --replace.\n";

/* Returns 1 for a new directory, which is on disk then, and 0 for an existing one. */
static int make_dir(const char *path, mode_t mode, struct error **reterr)
{
	int r;

	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0
				       : error_errno(reterr, "cannot make the directory %s", path);
	r = image_sync_parent(path, reterr);
	if (r < 0)
		rmdir(path);
	return r < 0 ? r : 1;
}

/* mkdir -p. *ret_made counts the new directories, on failure too. */
static int make_dirs(const char *path, unsigned int *ret_made, struct error **reterr)
{
	_cleanup_free_ char *p = xstrdup(path);
	int r;

	for (size_t len = strlen(p); len > 1 && p[len - 1] == '/'; len--)
		p[len - 1] = '\0';
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		r = make_dir(p, 0755, reterr);
		if (r < 0)
			return r;
		*ret_made += r == 1;
		*s = '/';
	}
	r = make_dir(p, 0700, reterr);
	*ret_made += r == 1;
	return r < 0 ? r : 0;
}

/*
 * Whoever can write to an image runs code as root at its restore. Whoever can read it reads all
 * memory.
 */
static int check_owner(const char *what, const struct stat *st, struct error **reterr)
{
	if (st->st_uid == 0 && (st->st_mode & 022) == 0)
		return 0;
	error_refuse(reterr, EPERM, "%s %s", what,
		     st->st_uid != 0 ? "does not belong to root"
				     : "is writable by users other than root");
	error_set_hint(
		reterr,
		"an image can do whatever root can: if you trust its origin, chown and chmod it");
	return -EPERM;
}

int image_open_locked(struct image *img, const char *path, int lock, struct error **reterr)
{
	struct stat st;
	int r;

	img->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (img->dirfd < 0 || fd_above_standard(&img->dirfd) < 0 || fstat(img->dirfd, &st) < 0)
		return error_errno(reterr, "cannot open the directory %s", path);
	/* make it private before anything is written; its owner could undo that */
	r = lock == LOCK_SH || st.st_uid != 0 ? check_owner(path, &st, reterr) : 0;
	if (r < 0)
		return r;
	return flock(img->dirfd, lock | LOCK_NB) < 0 ? image_refuse_in_use(img->dirfd, path, reterr)
						     : 0;
}

int image_resolve(struct image *img, const char *path, struct error **reterr)
{
	img->path = realpath(path, NULL);
	if (!img->path)
		return error_errno(reterr, "cannot find %s", path);
	img->final_path = xstrdup(img->path);
	return 0;
}

static int refuse_existing(const struct image *img, struct error **reterr)
{
	error_refuse(reterr, EEXIST, "%s already holds a checkpoint", img->path);
	error_set_hint(
		reterr,
		"choose another directory with -D, or replace the old checkpoint with --replace");
	return -EEXIST;
}

static int refuse_other(const struct image *img, struct error **reterr)
{
	error_refuse(reterr, ENOTEMPTY, "%s is not empty, and holds no checkpoint", img->path);
	error_set_hint(reterr, "choose another directory with -D");
	return -ENOTEMPTY;
}

/* Whether the locked directory holds something that is neither ours nor what we had begun. */
static bool holds_others(const struct image *img)
{
	return image_has_file(img, IMAGE_MARKER) ? image_place_has_others(img->dirfd, NULL)
						 : !image_is_empty(img);
}

/* Prepares the open, locked directory for writing. */
static int prepare(struct image *img, struct error **reterr)
{
	int r;

	if (holds_others(img))
		return refuse_other(img, reterr);
	r = image_has_file(img, IMAGE_MARKER) ? clear(img, false) : 0;
	if (r < 0)
		return error_set(reterr, -r, "cannot clear %s of an unfinished checkpoint: %s",
				 img->path, strerror(-r));
	/* an image is as secret as the memory in it */
	if (fchmod(img->dirfd, 0700) < 0)
		return error_errno(reterr, "cannot make %s private", img->path);
	r = image_write(img, IMAGE_MARKER, marker_text, reterr);
	return r < 0 ? r : image_sync(img, reterr);
}

static int refuse_mount_point(const struct image *img, struct error **reterr)
{
	struct statx stx;

	if (statx(img->dirfd, "", AT_EMPTY_PATH, 0, &stx) < 0 ||
	    !(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	error_refuse(reterr, EXDEV, "%s is a mount point, which cannot be replaced in one step",
		     img->path);
	error_set_hint(reterr, "checkpoint into a new directory below it and remove the old "
			       "one afterwards");
	return -EXDEV;
}

/* A replacement exchanges whole directories. */
int image_refuse_others(const struct image *old, struct error **reterr)
{
	_cleanup_manifest_ struct manifest m = {0};
	const bool readable = image_read_manifest(old, &m, NULL) == 0;

	if (!image_place_has_others(old->dirfd, readable ? &m : NULL))
		return 0;
	error_refuse(reterr, ENOTEMPTY,
		     "%s holds files that are not part of its checkpoint, which cannot be "
		     "replaced without them",
		     old->path);
	error_set_hint(reterr, "move them away, or choose another directory with -D");
	return -ENOTEMPTY;
}

/*
 * The staging directory holds a complete checkpoint: a power cut came before the exchange. That
 * checkpoint has not been used yet.
 */
static int refuse_newer(const struct image *staging, struct error **reterr)
{
	error_refuse(reterr, EEXIST, "%s holds a complete checkpoint that has not replaced %s yet",
		     staging->path, staging->final_path);
	error_set_hint(reterr, "it is the newer one: restore it with -D, or remove one of the two");
	return -EEXIST;
}

/* Clears what an earlier replacement left there. */
static int clear_staging(const struct image *staging, struct error **reterr)
{
	int r = 0;

	/* the old checkpoint, which that replacement could not remove any more */
	if (image_has_file(staging, IMAGE_REPLACED))
		r = clear(staging, false);
	else if (image_has_file(staging, MANIFEST_NAME))
		return refuse_newer(staging, reterr);
	return r < 0 ? error_set(reterr, -r, "cannot clear %s: %s", staging->path, strerror(-r))
		     : 0;
}

/* Puts the working directory beside the checkpoint that is to be replaced. */
static int move_to_staging(struct image *img, struct error **reterr)
{
	struct image staging = {.final_path = img->final_path, .dirfd = -1};
	int r = refuse_mount_point(img, reterr);

	if (r == 0)
		r = image_refuse_others(img, reterr);
	if (r < 0)
		return r;
	staging.path = xasprintf("%s" IMAGE_STAGING, img->path);
	r = make_dir(staging.path, 0700, reterr);
	if (r >= 0)
		r = image_open_locked(&staging, staging.path, LOCK_EX, reterr);
	if (r == 0)
		r = clear_staging(&staging, reterr);
	if (r == 0)
		r = image_write(img, IMAGE_REPLACED, replaced_text, reterr);
	if (r == 0)
		r = image_sync(img, reterr);
	if (r < 0) {
		fd_close(&staging.dirfd);
		free(staging.path);
		return r;
	}
	free(img->path);
	fd_close(&img->dirfd);
	img->path = staging.path;
	img->dirfd = staging.dirfd;
	img->made = 1;
	return 0;
}

/* Undoes everything that was begun, unless somebody has put something there meanwhile. */
static void remove_made(const struct image *img)
{
	_cleanup_free_ char *path = xstrdup(img->path);

	for (unsigned int n = img->made; n > 0 && rmdir(path) == 0; n--)
		*strrchr(path, '/') = '\0';
}

/*
 * Where we chose the place, nobody was there to ask for a replacement: a container that was stopped
 * with its checkpoint and restored from it has left that behind.
 */
static bool is_used_up(const struct image *img)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_strv_ struct strv restored = {0};

	if (image_read_manifest(img, &m, NULL) < 0 || !m.stopped)
		return false;
	history_read(img->dirfd, img->path, &restored);
	return restored.n > 0;
}

int image_create(const struct image_place *place, bool replace, long owner, struct image **ret,
		 struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	const char *path = place->path;
	struct stat st;
	int r;

	img->dirfd = -1;
	r = guard_way(path, owner, &st, reterr);
	if (r >= 0)
		r = make_dirs(path, &img->made, reterr);
	if (r == 0)
		r = image_resolve(img, path, reterr);
	if (r == 0)
		r = image_open_locked(img, img->path, LOCK_EX, reterr);
	if (r == 0 && image_has_file(img, MANIFEST_NAME))
		r = replace || (place->shared && is_used_up(img)) ? move_to_staging(img, reterr)
								  : refuse_existing(img, reterr);
	if (r == 0)
		r = prepare(img, reterr);
	if (r < 0) {
		if (img->path)
			remove_made(img);
		return r;
	}
	*ret = TAKE_PTR(img);
	return 0;
}

/* Whether move_to_staging() would succeed; where our own remains are in the way, it does. */
static int check_staging(const struct image *img, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("%s" IMAGE_STAGING, img->path);
	struct image staging = {.path = path, .final_path = img->path, .dirfd = -1};
	int r = refuse_mount_point(img, reterr);

	if (r == 0)
		r = image_refuse_others(img, reterr);
	if (r < 0)
		return r;
	staging.dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (staging.dirfd < 0)
		return errno == ENOENT ? 0
				       : error_errno(reterr, "cannot open the directory %s", path);
	if (!image_has_file(&staging, IMAGE_REPLACED) && image_has_file(&staging, MANIFEST_NAME))
		r = refuse_newer(&staging, reterr);
	fd_close(&staging.dirfd);
	return r;
}

int image_check(const struct image_place *place, bool replace, long owner, bool *ret_holds_one,
		struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	const char *path = place->path;
	struct stat st;
	int r;

	img->dirfd = -1;
	r = guard_way(path, owner, &st, reterr);
	if (r < 0)
		return r;
	r = 0;
	img->path = realpath(path, NULL);
	*ret_holds_one = false;
	if (!img->path && errno == ENOENT)
		return 0;
	if (!img->path)
		return error_errno(reterr, "cannot find %s", path);
	img->dirfd = open(img->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (img->dirfd < 0 || fstat(img->dirfd, &st) < 0)
		return error_errno(reterr, "cannot open the directory %s", path);
	if (place->shared && st.st_uid == 0 && is_used_up(img))
		replace = true;
	*ret_holds_one = st.st_uid == 0 && !replace && image_has_file(img, MANIFEST_NAME);
	if (st.st_uid != 0)
		r = check_owner(path, &st, reterr);
	else if (image_has_file(img, MANIFEST_NAME))
		r = replace ? check_staging(img, reterr) : 0;
	else if (holds_others(img))
		r = refuse_other(img, reterr);
	return r;
}

void image_follow(struct image *img)
{
	img->follower = follow_start(img->dirfd);
}

int image_write(struct image *img, const char *name, const char *text, struct error **reterr)
{
	return image_write_bytes(img, name, text, strlen(text), reterr);
}

int image_write_bytes(struct image *img, const char *name, const void *data, size_t len,
		      struct error **reterr)
{
	_cleanup_free_ char *tmp = xasprintf(".%s.tmp", name);
	_cleanup_close_ int fd = openat(
		img->dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : write_all(fd, data, len);

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(img->dirfd, tmp, img->dirfd, name) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlinkat(img->dirfd, tmp, 0);
	return error_set(reterr, -r, "cannot write %s/%s: %s", img->path, name, strerror(-r));
}

uint64_t image_bytes(const struct image *img)
{
	_cleanup_closedir_ DIR *dir = image_list(img);
	uint64_t sum = 0;
	struct dirent *e;
	struct stat st;

	if (!dir)
		return 0;
	while ((e = readdir(dir)))
		if (fstatat(img->dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	return sum;
}

void image_abandon(struct image *img, bool keep_log)
{
	follow_stop(img->follower);
	if (img->exchanged &&
	    renameat2(AT_FDCWD, img->path, AT_FDCWD, img->final_path, RENAME_EXCHANGE) == 0) {
		img->exchanged = false;
		ignore_result(image_sync_parent(img->final_path, NULL));
	}
	if (strcmp(img->path, img->final_path) != 0) {
		_cleanup_free_ char *mark = xasprintf("%s/" IMAGE_REPLACED, img->final_path);

		unlink(mark);
	}
	if (!image_has_file(img, IMAGE_MARKER))
		ignore_result(image_write(img, IMAGE_MARKER, marker_text, NULL));
	clear(img, keep_log);
	if (!keep_log)
		remove_made(img);
}

/* Remains of the old checkpoint do not harm the new one: the next replacement removes them. */
void image_finish(struct image *img)
{
	struct image old = {.path = img->path, .dirfd = -1};

	if (!img->exchanged)
		return;
	/* readers of the old one may finish */
	if (image_open_locked(&old, old.path, LOCK_EX, NULL) == 0 && clear(&old, false) == 0)
		rmdir(old.path);
	fd_close(&old.dirfd);
}
