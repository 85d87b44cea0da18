/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/dir.h"
#include "util/fd.h"
#include "util/mem.h"

#define MARKER	     "incomplete"
#define MANIFEST_MAX (16 * 1024 * 1024)
#define REPLACED     "replaced" /* in a checkpoint that another takes the place of */
#define STAGING	     ".new"	/* beside a checkpoint that is to be replaced */

static const char marker_text[] =
	"A checkpoint was begun here and has not been completed: this directory cannot be\n"
	"restored. The next lxc-checkpoint into it clears it away.\n";

void image_free(struct image *img)
{
	if (!img)
		return;
	fd_close(&img->dirfd);
	free(img->path);
	free(img->final_path);
	free(img);
}

static bool has_file(const struct image *img, const char *name)
{
	struct stat st;

	return fstatat(img->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A position of its own, beside that of dirfd. NULL with errno. */
static DIR *list_image(const struct image *img)
{
	return directory_at(img->dirfd, ".");
}

/* What a filesystem or we ourselves put there; anything else is somebody's. */
static bool is_empty(const struct image *img)
{
	_cleanup_closedir_ DIR *dir = list_image(img);
	struct dirent *e;

	if (!dir)
		return false;
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "lost+found") != 0)
			return false;
	return true;
}

static bool keep_lost_found(const char *name)
{
	return strcmp(name, "lost+found") == 0;
}

static bool keep_logs(const char *name)
{
	return keep_lost_found(name) || strcmp(name, MARKER) == 0 || strcmp(name, "dump.log") == 0;
}

static const char replaced_text[] =
	"Another checkpoint takes, or has taken, the place of this one. If it is in a directory "
	"that\n"
	"ends in " STAGING ", it is the old one, and goes with the next --replace.\n";

/* mkdir -p. *ret_made tells whether the last directory is new. */
static int make_dirs(const char *path, bool *ret_made, struct error **reterr)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (size_t len = strlen(p); len > 1 && p[len - 1] == '/'; len--)
		p[len - 1] = '\0';
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return error_errno(reterr, "cannot make the directory %s", p);
		*s = '/';
	}
	*ret_made = mkdir(p, 0700) == 0;
	if (!*ret_made && errno != EEXIST)
		return error_errno(reterr, "cannot make the directory %s", path);
	return 0;
}

/* Who can write to an image can run code as root when it is restored, and reads all memory. */
static int check_owner(const char *what, const struct stat *st, struct error **reterr)
{
	if (st->st_uid == 0 && (st->st_mode & 022) == 0)
		return 0;
	error_refuse(reterr, EPERM, "%s %s", what,
		     st->st_uid != 0 ? "does not belong to root"
				     : "can be written by others than root");
	error_set_hint(reterr,
		       "an image is as trusted as root: if you know where it comes from, chown "
		       "and chmod it");
	return -EPERM;
}

static int open_locked(struct image *img, const char *path, int lock, struct error **reterr)
{
	struct stat st;
	int r;

	img->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (img->dirfd < 0 || fd_above_standard(&img->dirfd) < 0 || fstat(img->dirfd, &st) < 0)
		return error_errno(reterr, "cannot open the directory %s", path);
	/* what is to be written to is made private first, but its owner could undo that */
	r = lock == LOCK_SH || st.st_uid != 0 ? check_owner(path, &st, reterr) : 0;
	if (r < 0)
		return r;
	if (flock(img->dirfd, lock | LOCK_NB) < 0) {
		error_refuse(reterr, EBUSY, "%s is in use by another checkpoint or restore", path);
		error_set_hint(reterr, "wait until that is done, or choose another directory");
		return -EBUSY;
	}
	return 0;
}

/* Where it really is: what is made beside it and exchanged with it must be on its filesystem. */
static int resolve(struct image *img, const char *path, struct error **reterr)
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
	error_set_hint(reterr, "choose another directory with -D, or say --replace to put the new "
			       "checkpoint in its place");
	return -EEXIST;
}

static int refuse_other(const struct image *img, struct error **reterr)
{
	error_refuse(reterr, ENOTEMPTY, "%s is not empty, and what it holds is no checkpoint",
		     img->path);
	error_set_hint(reterr, "choose another directory with -D");
	return -ENOTEMPTY;
}

/* The directory is open and locked: make it ready to be written to. */
static int prepare(struct image *img, struct error **reterr)
{
	int r;

	if (has_file(img, MARKER)) {
		r = remove_contents_at(img->dirfd, keep_lost_found);
		if (r < 0)
			return error_set(reterr, -r,
					 "cannot clear %s of an unfinished checkpoint: %s",
					 img->path, strerror(-r));
	} else if (!is_empty(img)) {
		return refuse_other(img, reterr);
	}
	/* an image is as secret as the memory in it */
	if (fchmod(img->dirfd, 0700) < 0)
		return error_errno(reterr, "cannot make %s private", img->path);
	return image_write(img, MARKER, marker_text, reterr);
}

/* Puts the working directory beside the checkpoint that is to be replaced. */
static int move_to_staging(struct image *img, struct error **reterr)
{
	struct statx stx;
	int r;

	if (statx(img->dirfd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
	    (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		error_refuse(reterr, EXDEV,
			     "%s is a mount point, which cannot be replaced in one step",
			     img->path);
		error_set_hint(reterr,
			       "checkpoint into a new directory below it and remove the old "
			       "one afterwards");
		return -EXDEV;
	}
	r = image_write(img, REPLACED, replaced_text, reterr);
	if (r < 0)
		return r;
	str_append(&img->path, STAGING);
	fd_close(&img->dirfd);
	if (mkdir(img->path, 0700) < 0 && errno != EEXIST)
		return error_errno(reterr, "cannot make the directory %s", img->path);
	img->made = true;
	r = open_locked(img, img->path, LOCK_EX, reterr);
	/* the one that the last replacement could not remove any more */
	if (r == 0 && has_file(img, REPLACED))
		r = remove_contents_at(img->dirfd, NULL);
	return r < 0 ? error_wrap(reterr, -r, "cannot use %s", img->path) : 0;
}

int image_create(const char *path, bool replace, struct image **ret, struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	int r;

	img->dirfd = -1;
	r = make_dirs(path, &img->made, reterr);
	if (r == 0)
		r = resolve(img, path, reterr);
	if (r == 0)
		r = open_locked(img, img->path, LOCK_EX, reterr);
	if (r == 0 && has_file(img, MANIFEST_NAME))
		r = replace ? move_to_staging(img, reterr) : refuse_existing(img, reterr);
	if (r == 0)
		r = prepare(img, reterr);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(img);
	return 0;
}

int image_check(const char *path, bool *ret_holds_one, struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	struct stat st;
	int r = 0;

	img->path = xstrdup(path);
	img->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*ret_holds_one = false;
	if (img->dirfd < 0 && errno == ENOENT)
		return 0;
	if (img->dirfd < 0 || fstat(img->dirfd, &st) < 0)
		return error_errno(reterr, "cannot open the directory %s", path);
	if (st.st_uid != 0)
		r = check_owner(path, &st, reterr);
	else if (has_file(img, MANIFEST_NAME))
		*ret_holds_one = true;
	else if (!has_file(img, MARKER) && !is_empty(img))
		r = refuse_other(img, reterr);
	return r;
}

static int read_manifest(const struct image *img, struct manifest *ret, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(img->dirfd, MANIFEST_NAME, MANIFEST_MAX, &text);
	struct stat st;

	if (n == -ENOENT) {
		error_refuse(reterr, ENOENT, "%s is not a checkpoint: it has no %s", img->path,
			     MANIFEST_NAME);
		if (has_file(img, MARKER))
			error_set_hint(reterr,
				       "the checkpoint that was begun there has not been "
				       "completed; look at %s/dump.log",
				       img->path);
		else if (has_file(img, "inventory.img"))
			error_set_hint(reterr,
				       "CRIU images are there, but made by another tool; use "
				       "that to restore them");
		return -ENOENT;
	}
	if (n < 0)
		return error_refuse(reterr, (int)-n, "cannot read %s/%s: %s", img->path,
				    MANIFEST_NAME, strerror((int)-n));
	if (fstatat(img->dirfd, MANIFEST_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    check_owner(MANIFEST_NAME, &st, reterr) < 0)
		return -EPERM;
	if (manifest_from_json(text, (size_t)n, ret, reterr) < 0) {
		error_wrap(reterr, EINVAL, "%s/%s is damaged", img->path, MANIFEST_NAME);
		if (reterr && *reterr)
			(*reterr)->refused = true;
		return -EINVAL;
	}
	return 0;
}

static int check_files(const struct image *img, const struct manifest *m, struct error **reterr)
{
	for (size_t i = 0; i < m->n_files; i++) {
		const struct image_file *f = &m->files[i];
		struct stat st;

		if (fstatat(img->dirfd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_refuse(reterr, errno,
					    "%s/%s, a part of the checkpoint, is gone", img->path,
					    f->name);
		if (check_owner(f->name, &st, reterr) < 0)
			return -EPERM;
		if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != f->size)
			return error_refuse(reterr, EINVAL,
					    "%s/%s is damaged: it has %lld bytes and had %llu",
					    img->path, f->name, (long long)st.st_size,
					    (unsigned long long)f->size);
	}
	return 0;
}

int image_open(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	_cleanup_manifest_ struct manifest m = {0};
	int r;

	img->dirfd = -1;
	if (access(path, F_OK) < 0)
		return error_refuse(reterr, errno, "there is no checkpoint in %s: %s", path,
				    strerror(errno));
	r = resolve(img, path, reterr);
	if (r == 0)
		r = open_locked(img, img->path, LOCK_SH, reterr);
	if (r == 0)
		r = read_manifest(img, &m, reterr);
	if (r == 0)
		r = check_files(img, &m, reterr);
	if (r < 0)
		return r;
	*ret_manifest = m;
	m = (struct manifest){0};
	*ret = TAKE_PTR(img);
	return 0;
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

int image_read(const struct image *img, const struct manifest *m, const char *name, size_t max,
	       char **ret, size_t *ret_len, struct error **reterr)
{
	const struct image_file *f = NULL;
	char *data;
	ssize_t n;

	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0)
			f = &m->files[i];
	*ret = NULL;
	*ret_len = 0;
	if (!f)
		return 0;
	n = read_file_at(img->dirfd, name, max, &data);
	if (n < 0)
		return error_refuse(reterr, (int)-n, "cannot read %s/%s: %s", img->path, name,
				    strerror((int)-n));
	if ((uint64_t)n != f->size) {
		free(data);
		return error_refuse(reterr, EINVAL,
				    "%s/%s is damaged: it has %zd bytes and had %llu", img->path,
				    name, n, (unsigned long long)f->size);
	}
	*ret = data;
	*ret_len = (size_t)n;
	return 0;
}

static const char plain_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* The log and the statistics are still written to when the image is sealed. */
static bool is_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (name[0] == '.' || keep_logs(name) || strcmp(name, MANIFEST_NAME) == 0 ||
	    strcmp(name, REPLACED) == 0)
		return false;
	/* CRIU's have plain names; what an action script leaves there under another is its own */
	if (name[strspn(name, plain_letters)] != '\0')
		return false;
	return strncmp(name, "stats-", 6) != 0 && !(dot && strcmp(dot, ".log") == 0);
}

static int compare_files(const void *a, const void *b)
{
	const struct image_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int sync_file(const struct image *img, const char *name, struct image_file *ret)
{
	_cleanup_close_ int fd =
		openat(img->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (fsync(fd) < 0)
		return -errno;
	ret->name = xstrdup(name);
	ret->size = (uint64_t)st.st_size;
	return 0;
}

/* Forces every file to disk and lists it: what the manifest names is there after a power cut. */
static int sync_files(const struct image *img, struct manifest *m, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = list_image(img);
	struct dirent *e;

	if (!dir)
		return error_errno(reterr, "cannot list %s", img->path);
	while ((e = readdir(dir))) {
		struct image_file f = {0};
		int r;

		/* a pre-dump's link to what it builds on */
		if (!is_part(e->d_name) || e->d_type == DT_LNK)
			continue;
		r = sync_file(img, e->d_name, &f);
		if (r < 0)
			return error_set(reterr, -r, "cannot bring %s/%s to disk: %s", img->path,
					 e->d_name, strerror(-r));
		*ARRAY_ADD(m->files, m->n_files) = f;
	}
	if (m->n_files > 1)
		qsort(m->files, m->n_files, sizeof(*m->files), compare_files);
	return 0;
}

static int sync_parent(const char *path)
{
	_cleanup_free_ char *up = xasprintf("%s/..", path);
	_cleanup_close_ int fd = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The new checkpoint and the old one change places in one step. */
static int exchange(struct image *img, struct error **reterr)
{
	if (renameat2(AT_FDCWD, img->path, AT_FDCWD, img->final_path, RENAME_EXCHANGE) < 0)
		return error_errno(reterr, "cannot put %s in the place of %s", img->path,
				   img->final_path);
	img->exchanged = true;
	return 0;
}

int image_seal(struct image *img, struct manifest *m, struct error **reterr)
{
	_cleanup_free_ char *json = NULL;
	struct manifest again = {0};
	int r = sync_files(img, m, reterr);

	if (r < 0)
		return r;
	json = manifest_to_json(m);
	if (!json) {
		/* JSON is UTF-8; a config whose comments are not is the only text that we can do
		 * without */
		free(TAKE_PTR(m->config));
		json = manifest_to_json(m);
	}
	if (!json)
		return error_set(reterr, EILSEQ, "a path or name of the container is not UTF-8");
	r = manifest_from_json(json, strlen(json), &again, reterr);
	manifest_clear(&again);
	if (r == 0)
		r = image_write(img, MANIFEST_NAME, json, reterr);
	if (r == 0 && unlinkat(img->dirfd, MARKER, 0) < 0)
		r = error_errno(reterr, "cannot remove %s/%s", img->path, MARKER);
	if (r == 0 && (fsync(img->dirfd) < 0))
		r = error_errno(reterr, "cannot bring %s to disk", img->path);
	if (r == 0 && strcmp(img->path, img->final_path) != 0)
		r = exchange(img, reterr);
	if (r == 0 && sync_parent(img->final_path) < 0)
		r = error_errno(reterr, "cannot bring the directory of %s to disk",
				img->final_path);
	return r;
}

uint64_t image_bytes(const struct image *img)
{
	_cleanup_closedir_ DIR *dir = list_image(img);
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
	if (img->exchanged &&
	    renameat2(AT_FDCWD, img->path, AT_FDCWD, img->final_path, RENAME_EXCHANGE) == 0)
		img->exchanged = false;
	if (strcmp(img->path, img->final_path) != 0) {
		_cleanup_free_ char *mark = xasprintf("%s/" REPLACED, img->final_path);

		unlink(mark);
	}
	/* the manifest first: from then on it is no checkpoint, whatever happens to the rest */
	if (!has_file(img, MARKER))
		image_write(img, MARKER, marker_text, NULL);
	unlinkat(img->dirfd, MANIFEST_NAME, 0);
	fsync(img->dirfd);
	remove_contents_at(img->dirfd, keep_log ? keep_logs : keep_lost_found);
	if (!keep_log && img->made)
		rmdir(img->path);
}

void image_finish(struct image *img)
{
	if (!img->exchanged)
		return;
	/* path is where the old one is now; what of it stays is no harm to the new one */
	remove_tree(img->path);
}
