/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds mounts of deleted files or directories. CRIU makes such a file anew, empty, at its old
 * place, mounts it and removes it. Runs in the command, as root on the host, and again when the
 * processes are frozen, since the place may have been taken meanwhile.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define LOOKS_MAX 16 /* for each: nobody stacks that many mounts */

static const char deleted[] = "//deleted"; /* behind the path, where the kernel says it */

/* Its old path in its filesystem; NULL: not deleted. Caller frees. */
static char *place_of(const struct mount *m)
{
	size_t len = length_before(m->root, deleted);

	return len > 0 ? xstrndup(m->root, len) : NULL;
}

static bool has_content(struct survey *s, const struct mount *m)
{
	_cleanup_close_ int fd = scout_open(&s->scout, m->process->pid, m->target, O_PATH);
	struct stat st;

	return fd >= 0 && stat_without_sync(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

/* --- what has its place by now --- */

static int compare_roots(ino_t ns, dev_t dev, const char *root, size_t len, const struct mount *m)
{
	size_t other = strlen(m->root);
	int c = (ns > m->ns) - (ns < m->ns);

	if (c == 0)
		c = (dev > m->dev) - (dev < m->dev);
	if (c == 0)
		c = memcmp(root, m->root, len < other ? len : other);
	return c ? c : (len > other) - (len < other);
}

static int compare_mounts(const void *a, const void *b)
{
	const struct mount *x = *(const struct mount *const *)a;
	const struct mount *y = *(const struct mount *const *)b;

	return compare_roots(x->ns, x->dev, x->root, strlen(x->root), y);
}

/* All visible mounts of init and others, by their filesystem and root; once. */
static void sort_mounts(struct survey *s)
{
	if (s->by_root)
		return;
	s->by_root = xcalloc(s->n_mounts, sizeof(*s->by_root));
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!s->mounts[i].covered)
			s->by_root[s->n_by_root++] = &s->mounts[i];
	if (s->n_by_root > 0)
		qsort(s->by_root, s->n_by_root, sizeof(*s->by_root), compare_mounts);
}

/* The first of those that show the first len bytes of a path of the filesystem that m is of. */
static size_t first_with_root(const struct survey *s, const struct mount *m, const char *root,
			      size_t len)
{
	size_t low = 0, high = s->n_by_root;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_roots(m->ns, m->dev, root, len, s->by_root[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int open_place(struct survey *s, const struct mount *m, const char *path)
{
	bool lost = s->scout.lost;
	int fd = scout_open(&s->scout, m->process->pid, path, O_PATH);

	if (fd == -ETIMEDOUT && !lost)
		findings_add(
			s->found,
			FINDING("no-answer", FINDING_BLOCKS, SCOUT_HINT, OF_PROCESS(s, m->process)),
			"has mounted a filesystem on %s that does not answer", m->target);
	return fd;
}

/*
 * Whether path leads to the content of a mount, and not to something mounted over it or on its
 * path.
 */
static bool is_on(struct survey *s, const struct mount *other, const char *path)
{
	_cleanup_close_ int fd = open_place(s, other, path);
	struct statx st;

	return fd >= 0 &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 &&
	       (st.stx_mask & STATX_MNT_ID) && st.stx_mnt_id == (uint64_t)other->id;
}

/* rest: of a path, behind the root of a mount that shows it; "" or with a slash in front. */
static enum answer is_there(struct survey *s, const struct mount *other, const char *rest)
{
	const char *top = strcmp(other->target, "/") == 0 ? "" : other->target;
	const char *name = strrchr(rest, '/');
	_cleanup_free_ char *path = xasprintf("%s%s", top, rest);
	_cleanup_free_ char *parent = NULL;
	_cleanup_close_ int fd = -1;

	/* it is mounted, so it exists */
	if (!name)
		return ANSWER_YES;
	parent = xasprintf("%s%.*s", top, (int)(name - rest), rest);
	if (!is_on(s, other, *parent ? parent : "/"))
		return ANSWER_UNKNOWN;
	fd = open_place(s, other, path);
	if (fd >= 0)
		return ANSWER_YES;
	return fd == -ENOENT || fd == -ENOTDIR ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* The same for all mounts with that root, of which at most LOOKS_MAX are tried. */
static enum answer look_with_root(struct survey *s, const struct mount *m, const char *place,
				  size_t len, unsigned int *looks)
{
	enum answer answer = ANSWER_UNKNOWN;
	/* the root of all has a slash of its own */
	size_t root_len = len ? len : 1;

	for (size_t i = first_with_root(s, m, place, root_len);
	     answer == ANSWER_UNKNOWN && i < s->n_by_root && *looks < LOOKS_MAX &&
	     compare_roots(m->ns, m->dev, place, root_len, s->by_root[i]) == 0;
	     i++, (*looks)++)
		answer = is_there(s, s->by_root[i], place + len);
	return answer;
}

/*
 * Looks at the place through other mounts that show it. The first visible one decides. If no mount
 * shows the place, CRIU cannot find out either.
 */
static enum answer is_replaced(struct survey *s, const struct mount *m, const char *place)
{
	enum answer answer = ANSWER_UNKNOWN;
	unsigned int looks = 0;
	size_t len = strlen(place);

	sort_mounts(s);
	for (size_t i = 0; answer == ANSWER_UNKNOWN && i <= len; i++)
		if (place[i] == '/' || (place[i] == '\0' && i > 1))
			answer = look_with_root(s, m, place, i, &looks);
	return answer == ANSWER_UNKNOWN && looks < LOOKS_MAX ? ANSWER_NO : answer;
}

void check_deleted_mount(struct survey *s, const struct mount *m)
{
	_cleanup_free_ char *place = place_of(m);
	enum answer replaced;

	if (!place || m->external || !m->process)
		return;
	replaced = is_replaced(s, m, place);
	if (replaced == ANSWER_YES)
		findings_add(
			s->found,
			FINDING("deleted-mount", FINDING_BLOCKS, "unmount it in the container"),
			"what is mounted on %s was deleted, and something else has its "
			"place now: CRIU cannot restore that",
			m->target);
	else if (replaced == ANSWER_UNKNOWN)
		findings_add(
			s->found,
			FINDING("deleted-mount", FINDING_BLOCKS, "unmount it in the container"),
			"what is mounted on %s was deleted, and so much is mounted over "
			"its place that nobody can see whether something else has it now",
			m->target);
	else if (has_content(s, m))
		findings_add(s->found,
			     FINDING("deleted-mount", FINDING_BLOCKS,
				     "copy it to where you want to keep it, and unmount it in the "
				     "container"),
			     "the file that is mounted on %s was deleted, and CRIU does not "
			     "save what is in it",
			     m->target);
}

void check_deleted_mounts(struct survey *s)
{
	survey_mounts(s);
	for (size_t i = 0; i < s->n_mounts; i++)
		check_deleted_mount(s, &s->mounts[i]);
}
