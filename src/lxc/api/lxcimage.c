/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The public functions on a checkpoint, which need no container. Runs in the host program, as root,
 * on the host; they only read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/last_error.h"
#include "api/options.h"
#include "image/describe.h"
#include "image/dir.h"
#include "image/guard.h"
#include "lxccheckpoint.h"
#include "util/mem.h"

static int keep_error(int r, const struct error *e)
{
	last_error_set(NULL, e);
	return r;
}

static int refuse_arguments(const char *why)
{
	_cleanup_error_ struct error *e = NULL;

	error_refuse(&e, EINVAL, "%s", why);
	return keep_error(-LXC_CHECKPOINT_EINVAL, e);
}

static void tell_damage(const char *file, const struct error *e, void *userdata)
{
	const struct lxc_checkpoint_verify_options *o = userdata;
	const struct lxc_checkpoint_damage damage = {
		.size = sizeof(damage),
		.file = file,
		.reason = e->message,
	};

	if (o->damaged)
		o->damaged(&damage, o->userdata);
}

/* Findings of a verification. */
struct verified {
	struct lxc_checkpoint_verify_options *o;
	struct strv refused;  /* which may not be there, or not be so */
	struct error *damage; /* the first of another kind */
};

static void found_refused(const char *file, const struct error *e, void *userdata)
{
	struct verified *v = userdata;

	strv_add(&v->refused, "%s", file);
	tell_damage(file, e, v->o);
}

static void found_damaged(const char *file, const struct error *e, void *userdata)
{
	struct verified *v = userdata;

	for (size_t i = 0; i < v->refused.n; i++)
		if (strcmp(v->refused.v[i], file) == 0)
			return;
	if (!v->damage)
		error_refuse(&v->damage, e->err, "%s", e->message);
	tell_damage(file, e, v->o);
}

/* Reports all damage, each file once. */
static int verify_files(const struct image *img, const struct manifest *m,
			struct lxc_checkpoint_verify_options *o, struct error **reterr)
{
	struct verified found = {.o = o};
	const struct image_verify v = {.sums = true, .damaged = found_damaged, .userdata = &found};
	int r = guard_each(img->dirfd, img->path, m, found_refused, &found, reterr);

	/* found_damaged() has been told each of them */
	ignore_result(image_verify(img, m, &v, NULL));
	strv_free(&found.refused);
	if (!found.damage)
		return r < 0 ? -LXC_CHECKPOINT_EREFUSED : 0;
	error_move(reterr, &found.damage, EINVAL);
	return -LXC_CHECKPOINT_EFAILED;
}

/* A damaged manifest is a damaged file; otherwise there is no checkpoint at all. */
static int peek_failed(int r, struct lxc_checkpoint_verify_options *o, const struct error *e)
{
	if (r != -EBADMSG)
		return keep_error(-LXC_CHECKPOINT_EREFUSED, e);
	tell_damage(MANIFEST_NAME, e, o);
	return keep_error(-LXC_CHECKPOINT_EFAILED, e);
}

char *lxc_checkpoint_directory(const char *directory, const char *name)
{
	if (!directory || !*directory || !name || !*name)
		return NULL;
	return image_place_of(directory, name);
}

int lxc_checkpoint_verify(const char *directory,
			  const struct lxc_checkpoint_verify_options *options)
{
	struct lxc_checkpoint_verify_options o = {0};
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_image_ struct image *img = NULL;
	_cleanup_error_ struct error *e = NULL;
	int r;

	if (options_copy(&o, sizeof(o), options, &e) < 0)
		return keep_error(-LXC_CHECKPOINT_EINVAL, e);
	if (!directory || !*directory)
		return refuse_arguments("no directory is named");
	r = image_peek_manifest(directory, &img, &m, &e);
	if (r < 0)
		return peek_failed(r, &o, e);
	if (o.checksums)
		*o.checksums = m.schema > 1;
	r = verify_files(img, &m, &o, &e);
	return keep_error(r, e);
}

int lxc_checkpoint_describe(const char *directory, char **ret_json)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_image_ struct image *img = NULL;
	_cleanup_error_ struct error *e = NULL;
	int r;

	if (!directory || !*directory || !ret_json)
		return refuse_arguments("no directory is named, or ret_json is NULL");
	r = image_peek(directory, &img, &m, &e);
	if (r < 0)
		return keep_error(
			r == -EBADMSG ? -LXC_CHECKPOINT_EFAILED : -LXC_CHECKPOINT_EREFUSED, e);
	*ret_json = image_describe(img, &m);
	return keep_error(0, NULL);
}
