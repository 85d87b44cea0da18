/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opens a complete checkpoint and reads its parts. Runs in the command and in a restore's monitor,
 * as root, in the host's namespaces.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/image_names.h"
#include "image/guard.h"
#include "image/image_private.h"
#include "util/fd.h"
#include "util/mem.h"

#define MANIFEST_MAX (16 * 1024 * 1024)

int image_read_manifest(const struct image *img, struct manifest *ret, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = guard_open(img->dirfd, img->path, MANIFEST_NAME, reterr);
	ssize_t n = fd < 0 ? fd : read_all(fd, MANIFEST_MAX, &text);
	int r;

	if (n == -ENOENT) {
		error_refuse(reterr, ENOENT, "%s is not a checkpoint: it has no %s", img->path,
			     MANIFEST_NAME);
		if (image_has_file(img, IMAGE_MARKER))
			error_set_hint(reterr,
				       "the checkpoint there was never completed; see %s/dump.log",
				       img->path);
		else if (image_has_file(img, CRIU_INVENTORY))
			error_set_hint(reterr, "another tool made the CRIU images there; use that "
					       "tool to restore them");
		return -ENOENT;
	}
	if (fd < 0)
		return fd;
	if (n < 0)
		return error_refuse(reterr, (int)-n, "cannot read %s/%s: %s", img->path,
				    MANIFEST_NAME, strerror((int)-n));
	r = manifest_from_json(text, (size_t)n, ret, reterr);
	if (r == -EPROTONOSUPPORT) {
		error_wrap(reterr, -r, "%s cannot be read", img->path);
		error_set_hint(reterr, "use the lxc-checkpoint that made it, or a later one");
	} else if (r < 0) {
		error_wrap(reterr, -r, "%s/%s is damaged", img->path, MANIFEST_NAME);
	}
	return r;
}

/* Refuses a path that does not lead to the locked directory, or that others can change. */
static int check_guarded(const struct image *img, const char *path, const struct manifest *m,
			 struct error **reterr)
{
	struct stat locked, found;
	int r = guard_way(path, facts_root_id(&m->facts, "u"), &found, reterr);

	if (r < 0)
		return r;
	if (r == 0 || fstat(img->dirfd, &locked) < 0 || locked.st_dev != found.st_dev ||
	    locked.st_ino != found.st_ino)
		return error_refuse(reterr, EBUSY, "%s has just been replaced by another directory",
				    path);
	return 0;
}

int image_peek(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr)
{
	_cleanup_image_ struct image *img = NULL;
	_cleanup_manifest_ struct manifest m = {0};
	int r = image_peek_manifest(path, &img, &m, reterr);

	if (r == 0)
		r = guard_files(img->dirfd, img->path, &m, reterr);
	if (r < 0)
		return r;
	*ret_manifest = m;
	m = (struct manifest){0};
	*ret = TAKE_PTR(img);
	return 0;
}

int image_peek_manifest(const char *path, struct image **ret, struct manifest *ret_manifest,
			struct error **reterr)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	_cleanup_manifest_ struct manifest m = {0};
	int r;

	img->dirfd = -1;
	if (access(path, F_OK) < 0)
		return error_refuse(reterr, errno, "there is no checkpoint in %s: %s", path,
				    strerror(errno));
	r = image_resolve(img, path, reterr);
	if (r == 0)
		r = image_open_locked(img, img->path, LOCK_SH, reterr);
	if (r == 0)
		r = image_read_manifest(img, &m, reterr);
	if (r == 0)
		r = check_guarded(img, path, &m, reterr);
	if (r < 0)
		return r;
	*ret_manifest = m;
	m = (struct manifest){0};
	*ret = TAKE_PTR(img);
	return 0;
}

int image_open(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr)
{
	_cleanup_image_ struct image *img = NULL;
	_cleanup_manifest_ struct manifest m = {0};
	int r = image_peek(path, &img, &m, reterr);

	if (r == 0)
		r = image_verify(img, &m, &(struct image_verify){.sums = false}, reterr);
	if (r < 0)
		return r;
	*ret_manifest = m;
	m = (struct manifest){0};
	*ret = TAKE_PTR(img);
	return 0;
}

int image_read(const struct image *img, const struct manifest *m, const char *name, size_t max,
	       char **ret, size_t *ret_len, struct error **reterr)
{
	const struct image_file *f = NULL;
	_cleanup_close_ int fd = -1;
	char *data;
	ssize_t n;

	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0)
			f = &m->files[i];
	*ret = NULL;
	*ret_len = 0;
	if (!f)
		return 0;
	fd = guard_open(img->dirfd, img->path, name, reterr);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	n = fd < 0 ? fd : read_all(fd, max, &data);
	if (n < 0)
		return error_refuse(reterr, (int)-n, "cannot read %s/%s: %s", img->path, name,
				    strerror((int)-n));
	if ((uint64_t)n != f->size) {
		free(data);
		return error_refuse(reterr, EINVAL,
				    "%s/%s is damaged: it has %zd bytes instead of %llu", img->path,
				    name, n, (unsigned long long)f->size);
	}
	*ret = data;
	*ret_len = (size_t)n;
	return 0;
}
