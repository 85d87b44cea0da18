/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The tree of processes in CRIU's image, see image_tree.h. Runs in the command at post-dump, as
 * root in the host's namespaces, on files that CRIU has written; most of it is pure.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_edit.h"
#include "criu/image_names.h"
#include "criu/image_tree.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define TREE_PID	1
#define TREE_PARENT	2
#define TREE_GROUP	3
#define TREE_SESSION	4
#define CORE_TASK	3
#define TASK_STATE	1
#define TASK_SUBREAPER	18
#define STATE_DEAD	2
#define CORE_MAX	(16 * 1024 * 1024)
#define CONTAINERS_INIT 1

static int compare(const void *a, const void *b)
{
	const struct criu_relative *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t criu_tree_read(void *pstree, size_t len, struct criu_relative **ret)
{
	struct bytes image = {pstree, len}, entry;
	struct criu_relative *v = NULL;
	size_t n = 0;

	*ret = NULL;
	if (!take_magic(&image, MAGIC_TREE))
		return 0;
	while (take_entry(&image, &entry)) {
		struct criu_relative r = {0};
		struct field f = {0};

		while (take_field(&entry, &f)) {
			if (f.number == TREE_PID)
				r.pid = (uint32_t)f.value;
			else if (f.number == TREE_PARENT)
				r.parent = (uint32_t)f.value, r.parent_at = f.bytes;
			else if (f.number == TREE_GROUP)
				r.group = (uint32_t)f.value, r.group_at = f.bytes;
			else if (f.number == TREE_SESSION)
				r.session = (uint32_t)f.value, r.session_at = f.bytes;
		}
		*ARRAY_ADD(v, n) = r;
	}
	if (n > 0)
		qsort(v, n, sizeof(*v), compare);
	*ret = v;
	return n;
}

static const struct criu_relative *find(const struct criu_relative *v, size_t n, uint32_t pid)
{
	const struct criu_relative key = {.pid = pid};

	return bsearch(&key, v, n, sizeof(*v), compare);
}

#define NONE SIZE_MAX

/* A process as part of the tree. The others are meant by their places in the list. */
struct node {
	size_t parent, child, sibling; /* the first child, the next sibling; NONE: there is none */
	size_t depth;
	size_t from; /* the depth of the last one that was given to init, itself included ... */
	bool given;  /* ... if there is one */
	bool seen;
};

struct tree {
	struct criu_relative *v;
	size_t n;
	struct node *nodes;
	size_t *path; /* from the top to the one that is looked at, by depth */
};

static size_t place_of(const struct tree *t, uint32_t pid)
{
	const struct criu_relative *r = find(t->v, t->n, pid);

	return r ? (size_t)(r - t->v) : NONE;
}

static void join(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->nodes[i] = (struct node){NONE, NONE, NONE, 0, 0, false, false};
	for (size_t i = 0; i < t->n; i++) {
		const size_t parent = place_of(t, t->v[i].parent);

		if (parent == NONE || parent == i)
			continue;
		t->nodes[i].parent = parent;
		t->nodes[i].sibling = t->nodes[parent].child;
		t->nodes[parent].child = i;
	}
}

/* Of the ith one, which is on the path. */
static bool is_below_leader(const struct tree *t, size_t i)
{
	const size_t leader = place_of(t, t->v[i].session);
	const struct node *l = leader == NONE ? NULL : &t->nodes[leader];

	if (l && t->v[leader].pid == CONTAINERS_INIT && t->nodes[i].given)
		return true;
	return l && l->seen && l->depth < t->nodes[i].depth && l->depth >= t->nodes[i].from &&
	       t->path[l->depth] == leader;
}

static bool is_lost(const struct tree *t, size_t i)
{
	const struct criu_relative *p = &t->v[i];
	const size_t parent = t->nodes[i].parent;

	if (p->session == 0 || p->session == p->pid || p->parent <= CONTAINERS_INIT ||
	    (parent != NONE && t->v[parent].session == p->session))
		return false;
	return !is_below_leader(t, i);
}

/* Its parent has been looked at. False: it is lost, and cannot be given to init. */
static bool look_at(struct tree *t, size_t i, criu_tree_adopts adopts, void *userdata)
{
	struct node *node = &t->nodes[i];
	const struct node *above = node->parent == NONE ? NULL : &t->nodes[node->parent];

	if (above && above->seen) {
		node->depth = above->depth + 1;
		node->from = above->from;
		node->given = above->given;
	}
	node->seen = true;
	t->path[node->depth] = i;
	if (!is_lost(t, i))
		return true;
	if (!adopts(t->v[i].parent, userdata) ||
	    !replace_number(t->v[i].parent_at, CONTAINERS_INIT))
		return false;
	t->v[i].parent = CONTAINERS_INIT;
	node->from = node->depth;
	node->given = true;
	return true;
}

/* From the top down; the one that comes behind the ith one. */
static size_t next_of(const struct tree *t, size_t i)
{
	if (t->nodes[i].child != NONE)
		return t->nodes[i].child;
	while (i != NONE && t->nodes[i].sibling == NONE)
		i = t->nodes[i].parent;
	return i == NONE ? NONE : t->nodes[i].sibling;
}

const struct criu_relative *criu_tree_give_lost(struct criu_relative *v, size_t n,
						criu_tree_adopts adopts, void *userdata)
{
	_cleanup_free_ struct node *nodes = xcalloc(n + 1, sizeof(*nodes));
	_cleanup_free_ size_t *path = xcalloc(n + 1, sizeof(*path));
	struct tree t = {v, n, nodes, path};

	join(&t);
	for (size_t top = 0; top < n; top++)
		for (size_t i = nodes[top].parent == NONE ? top : NONE; i != NONE;
		     i = next_of(&t, i))
			if (!look_at(&t, i, adopts, userdata))
				return &v[i];
	/* those of a ring, which would be another image than CRIU's */
	for (size_t i = 0; i < n; i++)
		if (!nodes[i].seen && !look_at(&t, i, adopts, userdata))
			return &v[i];
	return NULL;
}

bool criu_tree_is_leaderless(const struct criu_relative *v, size_t n, size_t i)
{
	const struct criu_relative *p = &v[i], *above = find(v, n, p->parent);

	return p->session != 0 && above && above->session != p->session && !find(v, n, p->session);
}

bool criu_tree_join_parent(struct criu_relative *v, size_t n, size_t i)
{
	const struct criu_relative *parent = find(v, n, v[i].parent);

	if (!parent || !replace_number(v[i].session_at, parent->session))
		return false;
	if (!replace_number(v[i].group_at, parent->group)) {
		replace_number(v[i].session_at, v[i].session);
		return false;
	}
	v[i].session = parent->session;
	v[i].group = parent->group;
	return true;
}

/* A number of the task; 0: it has none. */
static uint64_t task_number(const void *core, size_t len, unsigned int number)
{
	struct bytes image = {(uint8_t *)(uintptr_t)core, len}, entry;
	struct field f = {0}, member = {0};
	uint64_t value = 0;

	if (!take_magic(&image, MAGIC_CORE) || !take_entry(&image, &entry))
		return 0;
	while (take_field(&entry, &f))
		while (f.number == CORE_TASK && take_field(&f.bytes, &member))
			if (member.number == number)
				value = member.value;
	return value;
}

bool criu_image_adopts(const void *core, size_t len)
{
	return task_number(core, len, TASK_SUBREAPER) != 0;
}

bool criu_image_is_zombie(const void *core, size_t len)
{
	return task_number(core, len, TASK_STATE) == STATE_DEAD;
}

static bool core_is(int dirfd, uint32_t pid, bool (*is)(const void *core, size_t len))
{
	_cleanup_free_ char *name = xasprintf(CRIU_CORE_PREFIX "%u.img", pid);
	_cleanup_free_ char *core = NULL;
	ssize_t len = read_file_at(dirfd, name, CORE_MAX, &core);

	return len > 0 && is(core, (size_t)len);
}

struct mending {
	int dirfd;
	uint32_t pid, parent; /* of the first one that cannot be mended; 0: none */
};

static bool adopts(uint32_t pid, void *userdata)
{
	const struct mending *m = userdata;

	return core_is(m->dirfd, pid, criu_image_adopts);
}

static void mend(void *image, size_t len, void *userdata)
{
	struct mending *m = userdata;
	_cleanup_free_ struct criu_relative *v = NULL;
	const size_t n = criu_tree_read(image, len, &v);
	const struct criu_relative *failed;

	for (size_t i = 0; i < n; i++)
		if (criu_tree_is_leaderless(v, n, i) &&
		    core_is(m->dirfd, v[i].pid, criu_image_is_zombie))
			criu_tree_join_parent(v, n, i);
	failed = criu_tree_give_lost(v, n, adopts, m);
	if (failed) {
		m->pid = failed->pid;
		m->parent = failed->parent;
	}
}

int criu_tree_mend(int dirfd, struct error **reterr)
{
	struct mending m = {.dirfd = dirfd};
	int r = edit_image(dirfd, CRIU_TREE, mend, &m);

	if (r < 0)
		return error_set(reterr, -r, "cannot look through CRIU's " CRIU_TREE ": %s",
				 strerror(-r));
	if (m.pid == 0)
		return 0;
	r = error_set(
		reterr, EBUSY,
		"process %u in the container is in a session whose leader is not above it, and "
		"its parent, process %u, has not adopted it: CRIU could not restore that",
		m.pid, m.parent);
	error_set_hint(reterr, "stop it, or start it as a leader of its session (setsid)");
	return r;
}
