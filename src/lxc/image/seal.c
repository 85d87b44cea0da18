/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Commits a checkpoint: computes checksums and flushes everything to disk. Runs in the command, as
 * root, on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <unistd.h>

#include "image/follow.h"
#include "image/guard.h"
#include "image/image_private.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/several.h"

static int compare_files(const void *a, const void *b)
{
	const struct image_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Several at once: a journal is written for all that it has, and waits for the disk each time. */
#define BATCH_MAX 64
/* All threads together have a quarter of the descriptors that the host program may have. */
#define BATCH_SHARE 16

/* Files that several threads flush to disk, each a batch at a time. */
struct syncing {
	const struct image *img;
	struct image_file *files; /* with their names */
	size_t n_files, batch;
	pthread_mutex_t lock; /* of error */
	struct error *error;  /* the first */
};

/* A file that no restore would accept is not part: an action script may have left it. */
static int open_file(const struct image *img, struct image_file *f, int *ret_fd,
		     struct error **reterr)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	fd = guard_open_stat(img->dirfd, img->path, f->name, &st, reterr);
	if (fd < 0)
		return fd;
	f->size = (uint64_t)st.st_size;
	f->xxh3_128 = follow_sum(img->follower, f->name, &st);
	/* it is on its way while others are looked at */
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	r = f->xxh3_128 ? 0 : checksum_of_file(fd, f->size, &f->xxh3_128);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

static int tell(struct syncing *s, const char *name, int r, struct error *e)
{
	error_wrap(&e, -r, "cannot flush %s/%s to disk", s->img->path, name);
	pthread_mutex_lock(&s->lock);
	if (s->error) {
		error_free(e);
	} else {
		s->error = e;
		/* much has been changed by now */
		if (e)
			e->refused = false;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

static int sync_batch(size_t batch, void *userdata)
{
	struct syncing *s = userdata;
	struct image_file *files = s->files + batch * s->batch;
	const size_t n = MIN(s->n_files - batch * s->batch, s->batch);
	int fds[BATCH_MAX], r = 0;
	size_t opened;

	for (opened = 0; r == 0 && opened < n; opened++) {
		struct error *e = NULL;

		fds[opened] = -1;
		r = open_file(s->img, &files[opened], &fds[opened], &e);
		if (r < 0)
			tell(s, files[opened].name, r, e);
	}
	for (size_t i = 0; i < opened; i++) {
		if (r == 0 && fsync(fds[i]) < 0)
			r = tell(s, files[i].name, -errno, NULL);
		fd_close(&fds[i]);
	}
	return r;
}

static int list_files(const struct image *img, struct manifest *m, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = image_list(img);
	struct dirent *e;

	if (!dir)
		return error_errno(reterr, "cannot list %s", img->path);
	while ((e = readdir(dir)))
		if (guard_name(e->d_name) == GUARD_PART)
			*ARRAY_ADD(m->files, m->n_files) =
				(struct image_file){.name = xstrdup(e->d_name)};
	if (m->n_files > 1)
		qsort(m->files, m->n_files, sizeof(*m->files), compare_files);
	return 0;
}

static size_t batch_size(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur / BATCH_SHARE >= BATCH_MAX)
		return BATCH_MAX;
	return MAX((size_t)l.rlim_cur / BATCH_SHARE, 1);
}

/* Forces every file to disk and lists it: what the manifest names is there after a power cut. */
static int sync_files(const struct image *img, struct manifest *m, struct error **reterr)
{
	struct syncing s = {.img = img, .lock = PTHREAD_MUTEX_INITIALIZER};
	int r = list_files(img, m, reterr);

	if (r < 0)
		return r;
	s.files = m->files;
	s.n_files = m->n_files;
	s.batch = batch_size();
	r = several((m->n_files + s.batch - 1) / s.batch, sync_batch, &s);
	pthread_mutex_destroy(&s.lock);
	return r < 0 ? error_move(reterr, &s.error, -r) : 0;
}

/* Exchanges the new checkpoint and the old one in one step. */
static int exchange(struct image *img, struct error **reterr)
{
	_cleanup_close_ int fd = open(img->final_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct image old = {.path = img->final_path, .dirfd = fd};
	int r = fd < 0 ? error_errno(reterr, "cannot open the directory %s", old.path)
		       : image_refuse_others(&old, reterr);

	/* somebody may have put something there since */
	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, img->path, AT_FDCWD, img->final_path, RENAME_EXCHANGE) < 0)
		return error_errno(reterr, "cannot exchange %s and %s", img->path, img->final_path);
	img->exchanged = true;
	return 0;
}

/* Parses the manifest once before it counts. */
static int manifest_text(struct manifest *m, char **ret, struct error **reterr)
{
	_cleanup_free_ char *json = manifest_to_json(m);
	_cleanup_manifest_ struct manifest again = {0};
	int r;

	if (!json) {
		/*
		 * JSON is UTF-8; the configuration is the only text that can be omitted if its
		 * comments are not
		 */
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
 * The order keeps something whole after a power cut: everything that the manifest names is on disk,
 * with its name, before the manifest has its name; and all of the new checkpoint is, before it
 * replaces the old one.
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
