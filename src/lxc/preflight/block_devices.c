/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the filesystems of block devices that the container has mounted: before a dump whether
 * CRIU will find them again, before a restore whether they are the same. Runs in the command, as
 * root, on the host.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "carry/block_filesystems.h"
#include "criu/image_files.h"
#include "preflight/restore/restore_checks.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

/* --- a dump --- */

void check_block_filesystem(struct survey *s, const struct mount *m)
{
	_cleanup_error_ struct error *e = NULL;
	struct block_filesystem f = {0};

	if (!major(m->dev))
		return;
	if (block_filesystem_read(m->source, m->type, m->dev, &f, &e) < 0)
		findings_add(s->found, FINDING("block-device", FINDING_BLOCKS, e->hint),
			     "%s (on %s)", e->message, m->target);
	else if (!f.identity)
		findings_add(s->found,
			     FINDING("block-device", FINDING_WARNING,
				     "make sure that the same device has that name at the restore"),
			     "%s, mounted on %s, cannot be identified: its filesystem of type "
			     "%s has no known UUID",
			     m->source, m->target, m->type);
	block_filesystem_clear(&f);
}

/* --- a restore --- */

static void check_backing(const struct block_filesystem *f, int fd, struct findings *found)
{
	struct stat st;
	_cleanup_free_ char *now = fstat(fd, &st) < 0 ? NULL : loop_backing_file(st.st_rdev);

	if (f->backing && (!now || strcmp(now, f->backing) != 0))
		findings_add(found,
			     FINDING("block-device", FINDING_WARNING,
				     "a copy must be from after the checkpoint"),
			     "%s, which the container had mounted, was the file %s and is %s",
			     f->source, f->backing, now ? now : "another device");
}

static void check_device(const struct block_filesystem *f, struct findings *found)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *path = NULL;

	if (block_filesystem_find(f, &fd, &path, &e) < 0) {
		findings_add_error(found, "block-device", e);
		return;
	}
	if (strcmp(path, f->source) != 0)
		findings_add(found, FINDING("block-device", FINDING_NOTE, NULL),
			     "the filesystem that the container had mounted as %s is mounted as "
			     "%s",
			     f->source, path);
	check_backing(f, fd, found);
}

/* An image of an earlier version does not say which filesystem it was. */
static void check_unknown(const struct restore_check *r, struct findings *found)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	struct stat root = {0};

	if (!r->rootfs || stat(r->rootfs, &root) < 0)
		return;
	criu_files_read_mounts(r->image, &files);
	for (size_t i = 0; i < files.n_mounts; i++)
		if (criu_mount_is_by_name(&files, &files.mounts[i], root.st_dev))
			findings_add(found,
				     FINDING("block-device", FINDING_WARNING,
					     "make sure that it is the same device"),
				     "the container had %s mounted, and its checkpoint, made by an "
				     "earlier version, does not say which filesystem that was",
				     files.mounts[i].source);
}

void check_block_filesystems(const struct restore_check *r, struct findings *found)
{
	const struct manifest *m = r->manifest;

	if (m->schema < 3 && r->image >= 0)
		check_unknown(r, found);
	for (size_t i = 0; i < m->facts.n_block_filesystems; i++)
		check_device(&m->facts.block_filesystems[i], found);
}
