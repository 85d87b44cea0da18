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

bool criu_tree_is_lost(const struct criu_relative *v, size_t n, size_t i)
{
	const struct criu_relative *p = &v[i], *above;

	if (p->session == 0 || p->session == p->pid || p->parent <= CONTAINERS_INIT)
		return false;
	above = find(v, n, p->parent);
	if (above && above->session == p->session)
		return false;
	/* a ring would be another image than CRIU's */
	for (size_t steps = 0; above && steps <= n; steps++) {
		if (above->pid == p->session)
			return false;
		above = find(v, n, above->parent);
	}
	return true;
}

bool criu_tree_give_to_init(struct criu_relative *r)
{
	if (!replace_number(r->parent_at, CONTAINERS_INIT))
		return false;
	r->parent = CONTAINERS_INIT;
	return true;
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

/* One that was given to init may leave others without a leader above them. */
static void mend(void *image, size_t len, void *userdata)
{
	struct mending *m = userdata;
	_cleanup_free_ struct criu_relative *v = NULL;
	const size_t n = criu_tree_read(image, len, &v);
	bool again = true;

	for (size_t i = 0; i < n; i++)
		if (criu_tree_is_leaderless(v, n, i) &&
		    core_is(m->dirfd, v[i].pid, criu_image_is_zombie))
			criu_tree_join_parent(v, n, i);
	while (again && m->pid == 0) {
		again = false;
		for (size_t i = 0; i < n && m->pid == 0; i++) {
			if (!criu_tree_is_lost(v, n, i))
				continue;
			again = core_is(m->dirfd, v[i].parent, criu_image_adopts) &&
				criu_tree_give_to_init(&v[i]);
			if (!again) {
				m->pid = v[i].pid;
				m->parent = v[i].parent;
			}
		}
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
