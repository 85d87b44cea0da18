/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image_private.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"

static int check_stat(const struct image *img, const struct image_file *f, struct error **reterr)
{
	struct stat st;

	if (fstatat(img->dirfd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_refuse(reterr, errno, "%s/%s, a part of the checkpoint, is gone",
				    img->path, f->name);
	if ((uint64_t)st.st_size != f->size)
		return error_refuse(reterr, EINVAL,
				    "%s/%s is damaged: it has %lld bytes and had %llu", img->path,
				    f->name, (long long)st.st_size, (unsigned long long)f->size);
	return 0;
}

static int check_sum(const struct image *img, const struct image_file *f, struct error **reterr)
{
	_cleanup_close_ int fd = openat(img->dirfd, f->name,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	int r = fd < 0 ? -errno : checksum_of_file(fd, f->size, &text);

	if (r < 0)
		return error_refuse(reterr, -r, "%s/%s cannot be read: %s", img->path, f->name,
				    strerror(-r));
	if (!text || strcmp(text, f->xxh3_128) != 0)
		return error_refuse(reterr, EINVAL, "%s/%s is damaged: checksum mismatch",
				    img->path, f->name);
	return 0;
}

int image_verify(const struct image *img, const struct manifest *m, const struct image_verify *v,
		 struct error **reterr)
{
	_cleanup_error_ struct error *first = NULL;

	for (size_t i = 0; i < m->n_files; i++) {
		const struct image_file *f = &m->files[i];
		_cleanup_error_ struct error *e = NULL;
		int r = check_stat(img, f, &e);

		if (v->cancelled && v->cancelled(v->userdata))
			return error_refuse(reterr, ECANCELED, "it was interrupted");
		if (r == 0 && v->sums && f->xxh3_128)
			r = check_sum(img, f, &e);
		if (r == 0)
			continue;
		if (v->damaged)
			v->damaged(f->name, e, v->userdata);
		if (!first)
			first = TAKE_PTR(e);
		/* who is not told of the others need not wait for them */
		if (!v->damaged)
			break;
	}
	return first ? error_move(reterr, &first, EINVAL) : 0;
}
