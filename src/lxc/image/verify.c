/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Compares the files of a checkpoint with its manifest. Runs in the command, as root, on the host;
 * it only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image_private.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/several.h"
#include "util/text.h"

/* The piece that one thread verifies at a time ... */
#define BATCH 64
/* ... but for such files, which several threads read, one after the other. */
#define LARGE (2 * 1024 * 1024)
/* With less than this in a file of pages, verifying it while CRIU restores gains nothing. */
#define PAGES_LARGE (32 * 1024 * 1024)

static int check_size(const struct image *img, const struct image_file *f, const struct stat *st,
		      struct error **reterr)
{
	if ((uint64_t)st->st_size != f->size)
		return error_refuse(
			reterr, EINVAL, "%s/%s is damaged: it has %lld bytes instead of %llu",
			img->path, f->name, (long long)st->st_size, (unsigned long long)f->size);
	return 0;
}

static int refuse_gone(const struct image *img, const struct image_file *f, struct error **reterr)
{
	return error_refuse(reterr, errno, "%s/%s is missing from the checkpoint", img->path,
			    f->name);
}

static int check_stat(const struct image *img, const struct image_file *f, struct error **reterr)
{
	struct stat st;

	if (fstatat(img->dirfd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse_gone(img, f, reterr);
	return check_size(img, f, &st, reterr);
}

static int refuse_unread(const struct image *img, const struct image_file *f, int e,
			 struct error **reterr)
{
	return error_refuse(reterr, e, "%s/%s cannot be read: %s", img->path, f->name, strerror(e));
}

static int check_sum(const struct image *img, const struct image_file *f, struct error **reterr)
{
	_cleanup_close_ int fd = openat(img->dirfd, f->name,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return refuse_gone(img, f, reterr);
	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_unread(img, f, errno, reterr);
	r = check_size(img, f, &st, reterr);
	if (r < 0)
		return r;
	r = checksum_of_file(fd, f->size, &text);
	if (r < 0)
		return refuse_unread(img, f, -r, reterr);
	if (!text || strcmp(text, f->xxh3_128) != 0)
		return error_refuse(reterr, EINVAL, "%s/%s is damaged: checksum mismatch",
				    img->path, f->name);
	return 0;
}

/* Several threads check files; one reports them. */
struct verifying {
	const struct image *img;
	const struct manifest *m;
	const struct image_verify *v;
	struct error **errors; /* one for each file; NULL: intact */
};

/* Even if these are damaged, CRIU only copies them into a process. */
static bool is_pages(const struct image_file *f)
{
	return strncmp(f->name, "pages-", strlen("pages-")) == 0 && f->size >= PAGES_LARGE &&
	       f->xxh3_128;
}

bool image_has_large_pages(const struct manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (is_pages(&m->files[i]))
			return true;
	return false;
}

void image_verify_hint(const struct image *img, struct error **reterr)
{
	_cleanup_free_ char *word = shell_word(img->path);

	if (!(reterr && *reterr && (*reterr)->hint))
		error_set_hint(reterr,
			       "`lxc-checkpoint --verify -D %s` lists all damaged files; "
			       "--no-verify restores it as it is, at your own risk",
			       word);
}

/* After an error, the rest is skipped if nobody asks for all errors. */
static int check_file(const struct verifying *c, size_t i)
{
	const struct image_file *f = &c->m->files[i];
	bool pages = is_pages(f), sum = c->v->sums && f->xxh3_128;
	int r;

	if (c->v->parts == VERIFY_PAGES && !pages)
		return 0;
	if (c->v->parts == VERIFY_BUT_PAGES && pages)
		sum = false;
	r = sum ? check_sum(c->img, f, &c->errors[i]) : check_stat(c->img, f, &c->errors[i]);

	return c->v->damaged ? 0 : r;
}

static bool is_large(const struct verifying *c, size_t i)
{
	return c->v->sums && c->m->files[i].size >= LARGE;
}

static int check_batch(size_t batch, void *userdata)
{
	const struct verifying *c = userdata;
	const size_t end = MIN(c->m->n_files, (batch + 1) * BATCH);
	int r = 0;

	for (size_t i = batch * BATCH; r == 0 && i < end; i++)
		if (!is_large(c, i))
			r = check_file(c, i);
	return r;
}

static int check_all(const struct verifying *c)
{
	const size_t batches = (c->m->n_files + BATCH - 1) / BATCH;
	void *userdata = (void *)(uintptr_t)c;
	int r = 0;

	/* the monitor looks at sizes alone, and is to have no thread's memory */
	for (size_t i = 0; !c->v->sums && r == 0 && i < batches; i++)
		r = check_batch(i, userdata);
	if (c->v->sums)
		r = several(batches, check_batch, userdata);
	for (size_t i = 0; r == 0 && i < c->m->n_files; i++) {
		if (!is_large(c, i))
			continue;
		if (c->v->cancelled && c->v->cancelled(c->v->userdata))
			return -ECANCELED;
		r = check_file(c, i);
	}
	return r;
}

int image_verify(const struct image *img, const struct manifest *m, const struct image_verify *v,
		 struct error **reterr)
{
	const struct verifying c = {
		.img = img,
		.m = m,
		.v = v,
		.errors = xcalloc(m->n_files + 1, sizeof(struct error *)),
	};
	_cleanup_error_ struct error *first = NULL;
	int r = check_all(&c);

	if (r == 0 && v->cancelled && v->cancelled(v->userdata))
		r = -ECANCELED;
	for (size_t i = 0; i < m->n_files; i++) {
		struct error *e = c.errors[i];

		if (!e)
			continue;
		if (r != -ECANCELED && v->damaged)
			v->damaged(m->files[i].name, e, v->userdata);
		if (first)
			error_free(e);
		else
			first = e;
	}
	free(c.errors);
	if (r == -ECANCELED)
		return error_refuse(reterr, ECANCELED, "interrupted");
	return first ? error_move(reterr, &first, EINVAL) : 0;
}
