/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether the container has changed since the checkpoint. Its files decide; if they do not
 * differ, its history deserves a warning. Runs in the command, or in the monitor after pre-start
 * hooks, as root on the host.
 */
#include "config.h"

#include <string.h>

#include "image/guard.h"
#include "image/history.h"
#include "preflight/restore/restore_checks.h"
#include "util/fd.h"
#include "util/mem.h"

#define REMEDY                                                                                     \
	"if the container wrote to its files since then, roll them back to the time of the "       \
	"checkpoint first"

/* Ignores a damaged text: the checksums report that. */
void stale_read(int image, const char *path, struct file_times *ret)
{
	_cleanup_close_ int fd = guard_open(image, path, FILE_TIMES_NAME, NULL);
	_cleanup_free_ char *text = NULL;
	ssize_t len = fd < 0 ? fd : read_all(fd, FILE_TIMES_MAX, &text);

	if (len > 0)
		(void)file_times_parse(text, (size_t)len, ret);
}

char *stale_when(time_t when)
{
	_cleanup_free_ char *text = file_time_text(when);

	return xasprintf("was changed at %s", text);
}

char *stale_text(const struct file_time *then, const struct stat *now, enum file_age age)
{
	_cleanup_free_ char *changed = file_time_text(now->st_mtim.tv_sec);
	_cleanup_free_ char *before = file_time_text(then->mtime.tv_sec);
	_cleanup_free_ char *size =
		xasprintf("%llu bytes (then: %llu)", (unsigned long long)now->st_size,
			  (unsigned long long)then->size);
	bool resized = then->size != (uint64_t)now->st_size;

	if (age == FILE_RESIZED)
		return xasprintf("has another size than at the checkpoint: %s", size);
	return xasprintf("is %s than at the checkpoint: it was changed at %s (then: %s)%s%s",
			 age == FILE_OLDER ? "older" : "newer", changed, before,
			 resized ? ", and has " : "", resized ? size : "");
}

static bool has_check(const struct findings *found, const char *check)
{
	for (size_t i = 0; i < found->n; i++)
		if (strcmp(found->v[i].check, check) == 0)
			return true;
	return false;
}

/* After the files: if one of them differs, that says it all. */
void check_history(const struct restore_check *r, struct findings *found)
{
	const struct manifest *m = r->manifest;
	_cleanup_strv_ struct strv restored = {0};

	if (r->image < 0 || has_check(found, "stale") || has_check(found, "open-file"))
		return;
	if (m->schema >= 3 && !m->stopped)
		findings_add(found, FINDING("stale", FINDING_WARNING, REMEDY),
			     "%s kept running after this checkpoint was made, at %s: what it did "
			     "since then is lost",
			     m->facts.name, m->created);
	history_read(r->image, r->image_path, &restored);
	if (restored.n)
		findings_add(found, FINDING("stale", FINDING_WARNING, REMEDY),
			     "this checkpoint was restored before, %s%s: what %s did since then is "
			     "lost",
			     restored.n > 1 ? "last at " : "at ", restored.v[restored.n - 1],
			     m->facts.name);
}
