/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds mounts with propagation (shared, slave) that CRIU could not group again. Runs in the
 * command, on what mount_checks.c has read. CRIU restores one sharing group after the other, the
 * mounts with the same pair of peer group and master, by move_mount(MOVE_MOUNT_SET_GROUP). The
 * kernel passes a group only from a mount to one of the same superblock that shows the same or a
 * part of it. So one member, for CRIU the one with the shortest root, must show everything that the
 * others show, and so must the source of its master. A master outside the container must belong to
 * a mount of the host's, or to the rootfs. Slaves of a master in the container that are no peers of
 * others need only a master each, see carry/slave_mounts.h.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "carry/slave_mounts.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

/* The members of a group are adjacent. */
struct group {
	const struct mount **v;
	size_t n;
	const struct mount *first; /* the one with the shortest root */
};

struct sharing {
	const struct mount **v; /* all that share, by group */
	size_t n;
	struct group *groups; /* of them, in that order */
	size_t n_groups;
	const struct mount *
		*outside; /* the mounts whose source CRIU gets, by superblock and root */
	size_t n_outside;
};

static int compare_numbers(unsigned long a, unsigned long b)
{
	return (a > b) - (a < b);
}

static int compare_groups(const void *a, const void *b)
{
	const struct mount *x = *(const struct mount *const *)a;
	const struct mount *y = *(const struct mount *const *)b;
	int c = compare_numbers((unsigned long)x->shared, (unsigned long)y->shared);

	return c ? c : compare_numbers((unsigned long)x->master, (unsigned long)y->master);
}

static int compare_roots(const void *a, const void *b)
{
	const struct mount *x = *(const struct mount *const *)a;
	const struct mount *y = *(const struct mount *const *)b;
	int c = compare_numbers(x->dev, y->dev);

	return c ? c : strcmp(x->root, y->root);
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static struct group group_at(const struct sharing *all, size_t i)
{
	struct group g = {.v = all->v + i};

	for (; i + g.n < all->n && compare_groups(&all->v[i], &all->v[i + g.n]) == 0; g.n++)
		if (!g.first || strlen(g.v[g.n]->root) < strlen(g.first->root))
			g.first = g.v[g.n];
	return g;
}

/* The group with that peer group; empty: there is none. */
static struct group group_with(const struct sharing *all, int shared)
{
	size_t low = 0, high = all->n_groups;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->groups[middle].first->shared < shared)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == all->n_groups || all->groups[low].first->shared != shared)
		return (struct group){0};
	return all->groups[low];
}

/* Whether a mount of the host's, or the rootfs, shows everything that this one shows. */
static bool comes_from_outside(const struct sharing *all, const struct mount *m)
{
	_cleanup_free_ char *root = xstrdup(m->root);
	const struct mount key = {.dev = m->dev, .root = root}, *p = &key;

	for (;;) {
		char *slash;

		if (all->n_outside &&
		    bsearch(&p, all->outside, all->n_outside, sizeof(*all->outside), compare_roots))
			return true;
		slash = strrchr(root, '/');
		if (!slash || strcmp(root, "/") == 0)
			return false;
		slash[slash == root] = '\0';
	}
}

static bool all_come_from_outside(const struct sharing *all, const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!comes_from_outside(all, g->v[i]))
			return false;
	return true;
}

/* CRIU restores a terminal, and copies of it, as a mount of the host's. */
static bool is_terminal(const struct sharing *all, const struct mount *m)
{
	return strcmp(m->type, "devpts") == 0 && all->n_outside &&
	       bsearch(&m, all->outside, all->n_outside, sizeof(*all->outside), compare_roots);
}

static bool can_hand_on(const struct sharing *all, const struct mount *from, const struct mount *to)
{
	return is_below(to->root, from->root) && is_terminal(all, from) == is_terminal(all, to);
}

/* --- mounts that this project makes slaves, see carry/slave_mounts.h --- */

bool survey_shows(struct survey *s, const struct mount *m)
{
	_cleanup_close_ int fd =
		m->process ? scout_open(&s->scout, m->process->pid, m->target, O_PATH) : -1;
	struct statx st;

	return fd >= 0 &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 &&
	       st.stx_mnt_id == (uint64_t)m->id;
}

static struct sharer *sharers_of(const struct survey *s, const struct group *g)
{
	struct sharer *v = xcalloc(g->n + 1, sizeof(*v));

	for (size_t i = 0; i < g->n; i++)
		v[i] = (struct sharer){.shared = (unsigned int)g->v[i]->shared,
				       .master = (unsigned int)g->v[i]->master,
				       .root = g->v[i]->root,
				       .order = (size_t)(g->v[i] - s->mounts)};
	return v;
}

/* The member of a scattered group that nothing could make a slave of its master; NULL: none. */
static const struct mount *stray_slave(struct survey *s, const struct sharing *all,
				       const struct group *g, const struct group *parent)
{
	_cleanup_free_ struct sharer *slaves = sharers_of(s, g), *members = sharers_of(s, parent);
	_cleanup_masters_ struct masters masters = {0};

	propagation_masters(members, parent->n, &masters);
	for (size_t i = 0; i < g->n; i++) {
		const struct sharer *master = propagation_master(&masters, &slaves[i]);
		const struct mount *from = master ? &s->mounts[master->order] : NULL;

		if (!from || is_terminal(all, from) != is_terminal(all, g->v[i]) ||
		    !survey_shows(s, from) || !survey_shows(s, g->v[i]))
			return g->v[i];
	}
	return NULL;
}

static bool is_scattered(const struct survey *s, const struct group *g)
{
	_cleanup_free_ struct sharer *v = sharers_of(s, g);

	return !g->first->shared && is_fixed(s, CRIU_CHANGED_MOUNTS) &&
	       propagation_is_scattered(v, g->n);
}

/* The member that could not be put into its group or under its master; NULL: none. */
static const struct mount *stray(struct survey *s, const struct sharing *all, const struct group *g)
{
	const struct mount *first = g->first;
	struct group parent = {0};

	if (first->master)
		parent = group_with(all, first->master);
	if (parent.n > 0 && is_scattered(s, g))
		return stray_slave(s, all, g, &parent);
	if (parent.n > 0 && !can_hand_on(all, parent.first, first))
		return first;
	if (first->master && parent.n == 0) {
		if (!all_come_from_outside(all, g))
			return first;
		/* each gets it from the source of the first one's */
		if (!first->shared)
			return NULL;
	}
	for (size_t i = 0; i < g->n; i++)
		if (!can_hand_on(all, first, g->v[i]))
			return g->v[i];
	return NULL;
}

/* --- telling of them --- */

/* A member in a process's own mount namespace, if any: init's mounts existed before. */
static const struct mount *to_blame(const struct group *g, const struct mount *m, ino_t init_ns)
{
	for (size_t i = 0; m->ns == init_ns && i < g->n; i++)
		if (g->v[i]->ns != init_ns)
			return g->v[i];
	return m;
}

static int compare_namespaces(const void *a, const void *b)
{
	const struct mount *x = *(const struct mount *const *)a;
	const struct mount *y = *(const struct mount *const *)b;
	int c = compare_numbers(x->ns, y->ns);

	return c ? c : compare_numbers((unsigned long)x->id, (unsigned long)y->id);
}

static void tell(struct survey *s, const struct mount *m, ino_t init_ns)
{
	static const char what[] = "shares what is mounted on it with mounts that show something "
				   "else, which CRIU cannot restore";

	if (m->ns == init_ns)
		findings_add(s->found,
			     FINDING("mount-sharing", FINDING_BLOCKS,
				     "make it private (mount --make-private), or unmount it in the "
				     "container"),
			     "the container's mount %s (%s) %s", m->target, m->root, what);
	else
		findings_add(s->found,
			     FINDING("nested-namespace", FINDING_BLOCKS,
				     "make that mount private in there (nsenter -m, mount "
				     "--make-private), or stop the process",
				     OF_PROCESS(s, m->process)),
			     "is in a mount namespace of its own, whose mount %s (%s) %s",
			     m->target, m->root, what);
}

/* Reports one mount of each mount namespace. */
static void tell_strays(struct survey *s, const struct mount **strays, size_t n, ino_t init_ns)
{
	if (n > 0)
		qsort(strays, n, sizeof(*strays), compare_namespaces);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strays[i]->ns != strays[i - 1]->ns)
			tell(s, strays[i], init_ns);
}

static void sort(struct sharing *all, const struct survey *s, dev_t rootfs, ino_t init_ns)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct mount *m = &s->mounts[i];

		if (m->shared || m->master)
			*ARRAY_ADD(all->v, all->n) = m;
		if (m->external ||
		    (m->ns == init_ns && m->dev == rootfs && strcmp(m->target, "/") == 0))
			*ARRAY_ADD(all->outside, all->n_outside) = m;
	}
	if (all->n > 0)
		qsort(all->v, all->n, sizeof(*all->v), compare_groups);
	if (all->n_outside > 0)
		qsort(all->outside, all->n_outside, sizeof(*all->outside), compare_roots);
	for (size_t i = 0; i < all->n; i += all->groups[all->n_groups - 1].n) {
		struct group g = group_at(all, i);

		*ARRAY_ADD(all->groups, all->n_groups) = g;
	}
}

void check_propagation(struct survey *s, dev_t rootfs, ino_t init_ns)
{
	struct sharing all = {0};
	const struct mount **strays = NULL;
	size_t n = 0;

	sort(&all, s, rootfs, init_ns);
	for (size_t i = 0; i < all.n_groups; i++) {
		const struct mount *m = stray(s, &all, &all.groups[i]);

		if (m)
			*ARRAY_ADD(strays, n) = to_blame(&all.groups[i], m, init_ns);
	}
	tell_strays(s, strays, n, init_ns);
	free(strays);
	free(all.v);
	free(all.groups);
	free(all.outside);
}
