/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a directory with files to a checkpoint: sums, and everything on disk. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/follow.h"
#include "image/guard.h"
#include "image/image_private.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"

static int compare_files(const void *a, const void *b)
{
	const struct image_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int sum_file(int fd, uint64_t size, char **ret)
{
	_cleanup_checksum_ struct checksum *sum = checksum_new();
	int r = checksum_add_file(sum, fd, 0, size);

	if (r == 0)
		*ret = checksum_text(sum);
	return r;
}

/* What could not be restored is no part: an action script may have left it there. */
static int sync_file(const struct image *img, const char *name, struct image_file *ret,
		     struct error **reterr)
{
	_cleanup_close_ int fd = guard_open(img->dirfd, img->path, name, reterr);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || fsync(fd) < 0)
		return -errno;
	ret->xxh3_128 = follow_sum(img->follower, name, &st);
	r = ret->xxh3_128 ? 0 : sum_file(fd, (uint64_t)st.st_size, &ret->xxh3_128);
	if (r < 0)
		return r;
	ret->name = xstrdup(name);
	ret->size = (uint64_t)st.st_size;
	return 0;
}

/* Forces every file to disk and lists it: what the manifest names is there after a power cut. */
static int sync_files(const struct image *img, struct manifest *m, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = image_list(img);
	struct dirent *e;

	if (!dir)
		return error_errno(reterr, "cannot list %s", img->path);
	while ((e = readdir(dir))) {
		struct image_file f = {0};
		int r;

		if (guard_name(e->d_name) != GUARD_PART)
			continue;
		r = sync_file(img, e->d_name, &f, reterr);
		if (r < 0) {
			error_wrap(reterr, -r, "cannot bring %s/%s to disk", img->path, e->d_name);
			/* much has been done by now */
			if (reterr)
				(*reterr)->refused = false;
			return r;
		}
		*ARRAY_ADD(m->files, m->n_files) = f;
	}
	if (m->n_files > 1)
		qsort(m->files, m->n_files, sizeof(*m->files), compare_files);
	return 0;
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

/* What is written is read once, before it counts. */
static int manifest_text(struct manifest *m, char **ret, struct error **reterr)
{
	_cleanup_free_ char *json = manifest_to_json(m);
	_cleanup_manifest_ struct manifest again = {0};
	int r;

	if (!json) {
		/* JSON is UTF-8; a config whose comments are not is the only text that we can do
		 * without */
		free(TAKE_PTR(m->config));
		json = manifest_to_json(m);
	}
	if (!json)
		return error_set(reterr, EILSEQ, "a path or name of the container is not UTF-8");
	r = manifest_from_json(json, strlen(json), &again, reterr);
	if (r == 0)
		*ret = TAKE_PTR(json);
	return r;
}

/*
 * The order is what a power cut leaves something whole by: all that the manifest names
 * is on disk, with its name, before the manifest has its name; and all of the new
 * checkpoint before it takes the old one's place.
 */
int image_seal(struct image *img, struct manifest *m, struct error **reterr)
{
	_cleanup_free_ char *json = NULL;
	int r;

	follow_stop(img->follower);
	r = sync_files(img, m, reterr);
	if (r == 0)
		r = image_sync(img, reterr);
	if (r == 0)
		r = manifest_text(m, &json, reterr);
	if (r == 0)
		r = image_write(img, MANIFEST_NAME, json, reterr);
	if (r == 0 && unlinkat(img->dirfd, IMAGE_MARKER, 0) < 0)
		r = error_errno(reterr, "cannot remove %s/%s", img->path, IMAGE_MARKER);
	if (r == 0)
		r = image_sync(img, reterr);
	if (r == 0 && strcmp(img->path, img->final_path) != 0)
		r = exchange(img, reterr);
	if (r == 0)
		r = image_sync_parent(img->final_path, reterr);
	return r;
}
