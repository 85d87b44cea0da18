/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds what CRIU's image says wrongly of the container's mounts:
 *  - CRIU takes a part of a cgroup2, as systemd mounts a service's memory.pressure, for the whole;
 *  - CRIU does not know the flag nosymfollow, which systemd sets for credentials;
 *  - CRIU cannot make some mounts slaves (carry/slave_mounts.h);
 *  - CRIU mounts sockets before it makes them (carry/mounted_sockets_save.c);
 *  - CRIU takes a watched file for the root directory (carry/watches_save.c).
 * Runs in the command as root, in the host's namespaces. The container stands still, so the numbers
 * of its mounts are CRIU's.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "carry/seen_mounts_save.h"
#include "carry/slave_mounts.h"
#include "carry/table_save.h"
#include "sys/mountflags.h"
#include "sys/mountinfo.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define MOUNTINFO_MAX (64 * 1024 * 1024)
#define MOUNTS_MAX    1000000 /* the checks before a checkpoint allow fewer */

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static int look_at_mounts(struct seen_mounts *look, pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)pid);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, MOUNTINFO_MAX, &text);

	for (const char *line = n > 0 ? text : NULL; line; line = mountinfo_next(line)) {
		struct seen_mount m = {.pid = pid};

		if (!mountinfo_parse(line, &m.info))
			continue;
		m.change.id = (unsigned int)m.info.id;
		*ARRAY_ADD(look->v, look->n) = m;
		if (look->n > MOUNTS_MAX)
			return -E2BIG;
	}
	return n < 0 ? (int)n : 0;
}

static int look_at_process(pid_t pid, void *userdata)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/mnt", (int)pid);
	struct seen_mounts *look = userdata;
	struct stat st;

	/* a dead one has none */
	if (stat(path, &st) < 0 || !map_add(&look->namespaces, st.st_ino, 0))
		return 0;
	return look_at_mounts(look, pid);
}

/* --- each by itself --- */

static void correct(struct seen_mount *m, const struct container_facts *facts)
{
	const char *part = strcmp(m->info.type, "cgroup2") == 0
				   ? facts_below_cgroup(facts, m->info.root)
				   : NULL;

	if (part && *part)
		m->change.root = xstrdup(part);
	if (mount_options_have(m->info.options, "nosymfollow"))
		m->change.flags = MS_NOSYMFOLLOW;
}

static void add_change(struct mount_changes *all, struct mount_change *c)
{
	if (c->root || c->flags || c->no_master || c->drop)
		*ARRAY_ADD(all->v, all->n) = *c;
}

/* --- groups --- */

static int compare_groups(const void *a, const void *b)
{
	const struct mountinfo *x = &(*(const struct seen_mount *const *)a)->info;
	const struct mountinfo *y = &(*(const struct seen_mount *const *)b)->info;

	if (x->shared != y->shared)
		return x->shared < y->shared ? -1 : 1;
	if (x->master != y->master)
		return x->master < y->master ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

struct groups {
	const struct seen_mounts *look;
	struct seen_mount **v;	/* all that share, by group */
	struct sharer *sharers; /* the same */
	size_t n;
	struct propagation found;
};

static void sort_groups(struct groups *g)
{
	g->v = xcalloc(g->look->n + 1, sizeof(*g->v));
	g->sharers = xcalloc(g->look->n + 1, sizeof(*g->sharers));
	for (size_t i = 0; i < g->look->n; i++)
		if ((g->look->v[i].info.shared || g->look->v[i].info.master) &&
		    !g->look->v[i].change.drop)
			g->v[g->n++] = &g->look->v[i];
	if (g->n > 0)
		qsort(g->v, g->n, sizeof(*g->v), compare_groups);
	for (size_t i = 0; i < g->n; i++)
		g->sharers[i] = (struct sharer){
			.shared = g->v[i]->info.shared,
			.master = g->v[i]->info.master,
			.root = g->v[i]->info.root,
			.order = (size_t)(g->v[i] - g->look->v),
		};
}

static size_t group_length(const struct groups *g, size_t i)
{
	size_t n = 1;

	while (i + n < g->n && g->sharers[i + n].shared == g->sharers[i].shared &&
	       g->sharers[i + n].master == g->sharers[i].master)
		n++;
	return n;
}

/* The first of the mounts with that peer group; n: there is none. */
static size_t find_group(const struct groups *g, unsigned int shared)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->sharers[middle].shared < shared)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->n && g->sharers[low].shared == shared ? low : g->n;
}

static struct place place_of(const struct seen_mount *m)
{
	return (struct place){process_inner_id(m->pid), xstrdup(m->info.point)};
}

/* A master outside the container is CRIU's affair, which takes it from the host's mount. */
static int scatter(struct groups *g, size_t first, size_t n, struct error **reterr)
{
	size_t masters = find_group(g, g->sharers[first].master);
	_cleanup_masters_ struct masters all = {0};

	if (g->sharers[first].shared || masters == g->n ||
	    !propagation_is_scattered(&g->sharers[first], n))
		return 0;
	propagation_masters(&g->sharers[masters], group_length(g, masters), &all);
	for (size_t i = first; i < first + n; i++) {
		const struct sharer *master = propagation_master(&all, &g->sharers[i]);

		/* mounted since the checks */
		if (!master)
			return error_set(reterr, EBUSY,
					 "the mount %s of process %d receives mounts from one that "
					 "does not show the same, which CRIU cannot restore",
					 g->v[i]->info.point, process_inner_id(g->v[i]->pid));
		g->v[i]->change.no_master = true;
		*ARRAY_ADD(g->found.v, g->found.n) = (struct slave_mount){
			.slave = place_of(g->v[i]),
			.master = place_of(&g->look->v[master->order]),
		};
	}
	return 0;
}

static int save_groups(struct saving *s, const struct seen_mounts *look, struct error **reterr)
{
	struct groups g = {.look = look};
	_cleanup_free_ char *text = NULL;
	int r = 0;

	sort_groups(&g);
	for (size_t i = 0; r == 0 && i < g.n; i += group_length(&g, i))
		r = scatter(&g, i, group_length(&g, i), reterr);
	text = propagation_format(&g.found);
	if (r == 0 && strlen(text) > PROPAGATION_MAX)
		r = error_set(reterr, EFBIG, "the container has too many slave mounts");
	else if (r == 0 && g.found.n > 0)
		r = image_write(s->image, PROPAGATION_NAME, text, reterr);
	propagation_clear(&g.found);
	free(g.v);
	free(g.sharers);
	return r;
}

static int look_at_all(struct saving *s, struct seen_mounts *look)
{
	if (!criu_mounts_nested(s->image->dirfd))
		return look_at_process(s->facts->init_pid, look);
	return for_each_process(s->facts->init_pid, look_at_process, look);
}

static int save_all(struct saving *s, struct seen_mounts *look, struct error **reterr)
{
	int r = mounted_sockets_save(s, look, reterr);

	if (r == 0)
		r = save_groups(s, look, reterr);
	return r < 0 ? r : watches_save(s, look, reterr);
}

int mounts_save(struct saving *s, struct error **reterr)
{
	struct seen_mounts look = {0};
	int r = look_at_all(s, &look);

	for (size_t i = 0; r == 0 && i < look.n; i++)
		correct(&look.v[i], s->facts);
	if (r < 0)
		error_set(reterr, -r, "cannot read the container's mounts: %s", strerror(-r));
	else
		r = save_all(s, &look, reterr);
	for (size_t i = 0; i < look.n; i++) {
		add_change(&s->mount_changes, &look.v[i].change);
		mountinfo_clear(&look.v[i].info);
	}
	free(look.v);
	map_clear(&look.namespaces);
	return r;
}
