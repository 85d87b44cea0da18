/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the container's cgroup and those beneath it are like now: the settings of the config, and
 * those that were made while the container ran, from outside or by its own init. Runs in the
 * caller's process as root on the host, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "carry/cgroup_tree_save.h"
#include "carry/table_save.h"
#include "inspect/cgroups.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

#define FILE_MAX      65536
#define OTHERS_WRITE  (S_IWGRP | S_IWOTH)
#define ATTRIBUTE_MAX 4096 /* of a cgroup's; the kernel allows no more in all */

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

/* The documented settings, by the ends of their names, each with the value in a new cgroup. */
static const struct setting_kind {
	const char *end;
	const char *defaults[3];
} kinds[] = {
	{".max", {"max", "max 100000", ""}},
	{".high", {"max"}},
	{".low", {"0"}},
	{".min", {"0", "0.00"}},
	{".weight", {"100", "default 100", ""}},
	{".max.burst", {"0"}},
	{"cpu.idle", {"0"}},
	{"cpuset.cpus", {""}},
	{"cpuset.cpus.exclusive", {""}},
	{"cpuset.cpus.partition", {"member"}},
	{"cpuset.mems", {""}},
	{"memory.oom.group", {"0"}},
	{"memory.zswap.writeback", {"1"}},
	{"io.latency", {""}},
	{"io.prio.class", {"no-change"}},
	{"cgroup.max.depth", {"max"}},
	{"cgroup.max.descendants", {"max"}},
};

static const struct setting_kind *find_kind(const char *file)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ends_with(file, kinds[i].end))
			return &kinds[i];
	return NULL;
}

bool cgroup_is_setting(const char *file, const char *value)
{
	const struct setting_kind *kind = find_kind(file);

	for (size_t i = 0; kind && i < 3 && kind->defaults[i]; i++)
		if (strcmp(value, kind->defaults[i]) == 0)
			return false;
	return kind != NULL;
}

/* A file's text without its last newline; NULL: it cannot be read, or not on this kernel. */
static char *read_value(int cgroup, const char *file)
{
	char *value = NULL;
	ssize_t n = read_file_at(cgroup, file, FILE_MAX, &value);

	while (n > 0 && value[n - 1] == '\n')
		value[--n] = '\0';
	return value;
}

static void add_setting(struct cgroup_node *node, int cgroup, const char *file)
{
	_cleanup_free_ char *value = find_kind(file) ? read_value(cgroup, file) : NULL;
	struct cgroup_setting *s;

	if (!value || !cgroup_is_setting(file, value))
		return;
	s = ARRAY_ADD(node->settings, node->n_settings);
	s->file = xstrdup(file);
	s->value = TAKE_PTR(value);
}

static void add_owner(struct cgroup_node *node, const char *file, const struct stat *st)
{
	struct cgroup_owner *o = ARRAY_ADD(node->owners, node->n_owners);

	o->file = xstrdup(file);
	o->uid = st->st_uid;
	o->gid = st->st_gid;
	o->mode = st->st_mode & 0777;
}

static bool is_owned(int cgroup, const char *file, const struct stat *maker, struct stat *ret)
{
	return fstatat(cgroup, file, ret, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (ret->st_uid != maker->st_uid || ret->st_gid != maker->st_gid ||
		(ret->st_mode & OTHERS_WRITE));
}

/*
 * All files of a cgroup belong to who made it; nobody gives away what can only
 * be read, so that one tells who that was. Returns whether there is more to look at.
 */
static bool add_makers(struct cgroup_node *node, int cgroup, struct stat *ret_maker)
{
	static const struct stat root = {0};
	struct stat st;
	bool given = is_owned(cgroup, ".", &root, &st);

	if (given)
		add_owner(node, ".", &st);
	if (is_owned(cgroup, "cgroup.controllers", &root, ret_maker))
		add_owner(node, "*", ret_maker);
	return given;
}

static void add_attributes(struct cgroup_node *node, int cgroup)
{
	char names[ATTRIBUTE_MAX], value[ATTRIBUTE_MAX];
	ssize_t len = flistxattr(cgroup, names, sizeof(names));

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		struct cgroup_attribute *a;
		ssize_t n;

		if (strncmp(name, "user.", 5) != 0 && strncmp(name, "trusted.", 8) != 0)
			continue;
		n = fgetxattr(cgroup, name, value, sizeof(value));
		if (n < 0)
			continue;
		a = ARRAY_ADD(node->attributes, node->n_attributes);
		a->name = xstrdup(name);
		a->value = hex_encode(value, (size_t)n);
	}
}

/* Fills node, and adds the cgroups right beneath to paths. */
static int read_node(struct cgroup_node *node, int top, struct strv *paths)
{
	_cleanup_closedir_ DIR *dir = directory_at(top, *node->path ? node->path : ".");
	struct stat maker = {0}, st;
	struct dirent *e;
	bool given;
	int fd = dir ? dirfd(dir) : -1;

	if (!dir)
		return -errno;
	node->subtree_control = read_value(fd, "cgroup.subtree_control");
	if (!node->subtree_control)
		node->subtree_control = xstrdup("");
	add_attributes(node, fd);
	given = add_makers(node, fd, &maker);
	while ((e = readdir(dir))) {
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			strv_add(paths, "%s%s%s", node->path, *node->path ? "/" : "", e->d_name);
		if (e->d_type != DT_REG)
			continue;
		add_setting(node, fd, e->d_name);
		if (given && is_owned(fd, e->d_name, &maker, &st))
			add_owner(node, e->d_name, &st);
	}
	return 0;
}

int cgroup_tree_save(struct saving *s, struct error **reterr)
{
	struct container_facts *facts = s->facts;
	_cleanup_close_ int top = cgroup2_open(facts);
	_cleanup_strv_ struct strv paths = {0};

	facts_clear_cgroup_tree(facts);
	if (top == -ENOENT)
		return 0;
	if (top < 0)
		return error_refuse(reterr, -top, "the cgroup of %s cannot be read: %s",
				    facts->name, strerror(-top));
	strv_add(&paths, "%s", "");
	for (size_t i = 0; i < paths.n; i++) {
		struct cgroup_node node = {.path = xstrdup(paths.v[i])};
		int r = read_node(&node, top, &paths);

		if (r == 0)
			*ARRAY_ADD(facts->cgroup_tree, facts->n_cgroup_tree) = node;
		else
			cgroup_node_clear(&node);
		/* one that has just been removed is none */
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return error_refuse(reterr, -r, "the cgroup %s of %s cannot be read: %s",
					    paths.v[i], facts->name, strerror(-r));
	}
	return 0;
}
