/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before a dump: mounts that show a file or directory that is deleted. CRIU makes it anew, empty,
 * at the place where it was, mounts it and removes it. Runs in the command, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "preflight/private.h"
#include "util/fd.h"
#include "util/mem.h"

static const char deleted[] = "//deleted"; /* behind the path, where the kernel says it */

/* Where it was in its filesystem; NULL: it is not deleted. Caller frees. */
static char *place_of(const struct mount *m)
{
	size_t len = strlen(m->root), tail = sizeof(deleted) - 1;

	if (len <= tail || strcmp(m->root + len - tail, deleted) != 0)
		return NULL;
	return xstrndup(m->root, len - tail);
}

static bool has_content(struct survey *s, const struct mount *m)
{
	_cleanup_close_ int fd = scout_open(&s->scout, m->process->pid, m->target, O_PATH);
	struct stat st;

	return fd >= 0 && stat_without_sync(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

/* Something has its place by now. It is looked for where other mounts show that. */
static bool is_replaced(struct survey *s, const struct mount *m, const char *place)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct mount *other = &s->mounts[i];
		size_t len = strcmp(other->root, "/") == 0 ? 0 : strlen(other->root);
		_cleanup_free_ char *path = NULL;
		_cleanup_close_ int fd = -1;

		if (other->ns != m->ns || other->dev != m->dev || other->covered ||
		    strncmp(place, other->root, len) != 0 || place[len] != '/')
			continue;
		path = xasprintf("%s%s", strcmp(other->target, "/") == 0 ? "" : other->target,
				 place + len);
		fd = scout_open(&s->scout, m->process->pid, path, O_PATH);
		if (fd >= 0)
			return true;
	}
	return false;
}

void check_deleted_mount(struct survey *s, const struct mount *m)
{
	_cleanup_free_ char *place = place_of(m);

	if (!place || m->external || !m->process)
		return;
	if (is_replaced(s, m, place))
		found_container(s, "deleted-mount", true, "unmount it in the container",
				"what is mounted on %s was deleted, and something else has its "
				"place now: CRIU cannot restore that",
				m->target);
	else if (has_content(s, m))
		found_container(s, "deleted-mount", true,
				"copy it to where it shall stay and unmount it in the container",
				"the file that is mounted on %s was deleted, and CRIU does not "
				"save what is in it",
				m->target);
}
