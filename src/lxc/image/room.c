/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds out whether a failed checkpoint ran out of disk space. Runs in the command, as root, on
 * the host.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/statvfs.h>

#include "image/room.h"
#include "util/mem.h"

#define MIB (1024.0 * 1024.0)

/*
 * If the disk has less space than this and CRIU names no other cause, assume that it ran out of
 * space.
 */
#define FULL_BYTES (1024 * 1024)

static bool says_no_space(const struct error *e)
{
	return e->err == ENOSPC || (e->detail && strstr(e->detail, strerror(ENOSPC)));
}

void room_explain(const struct image *img, uint64_t memory, struct error **reterr)
{
	_cleanup_free_ char *needs = NULL;
	struct statvfs fs;
	uint64_t left;
	bool said;

	if (!reterr || !*reterr || fstatvfs(img->dirfd, &fs) < 0)
		return;
	said = says_no_space(*reterr);
	left = (uint64_t)fs.f_bfree * fs.f_frsize;
	if (!said && ((*reterr)->hint || left >= FULL_BYTES))
		return;
	/* the rest of a truncated log is not the cause */
	if (!said)
		error_set_detail(reterr, NULL);
	if (memory)
		needs = xasprintf("; its memory takes up to %.1f MiB", (double)memory / MIB);
	error_wrap(reterr, ENOSPC, "no space is left for %s", img->path);
	error_set_hint(reterr,
		       "free space, or name another directory with -D: %.1f MiB had been written, "
		       "and %.1f MiB were free after that%s",
		       (double)image_bytes(img) / MIB, (double)left / MIB, needs ? needs : "");
}
