/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What CRIU does not carry of the container's cgroups, in two steps: the
 * container's own is made by us and gets its limits before anything runs in
 * it. Those beneath are made by CRIU, and their files come into being with the
 * controllers that the one above gives them, which it cannot do before CRIU
 * has moved init further down, and has to do before CRIU opens such files.
 */
#include "config.h"

#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "restorer/restorer.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

/* "memory.max" for the container's own cgroup, else "memory.max of system.slice". Caller frees. */
static char *file_name(const struct cgroup_node *node, const char *file)
{
	return *node->path ? xasprintf("%s of %s", file, node->path) : xstrdup(file);
}

static int fail(const struct cgroup_node *node, const char *file, const char *value, int e,
		struct error **reterr)
{
	_cleanup_free_ char *name = file_name(node, file);

	error_set(reterr, -e, "cannot set %s of the container's cgroup to \"%s\": %s", name, value,
		  strerror(-e));
	if (e == -ENOENT)
		error_set_hint(reterr,
			       "this host does not enable that controller for containers: see "
			       "cgroup.controllers and cgroup.subtree_control above lxc.payload.*");
	return e;
}

/* One line at a time: the kernel takes a device's limits in one write each. */
static int write_setting(int cgroup, const struct cgroup_node *node, const struct cgroup_setting *s,
			 struct error **reterr)
{
	_cleanup_free_ char *value = xstrdup(s->value);
	char *save = NULL;

	for (char *l = strtok_r(value, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int e = write_file_at(cgroup, s->file, l);

		if (e < 0)
			return fail(node, s->file, l, e, reterr);
	}
	return 0;
}

static int write_settings(int cgroup, const struct cgroup_node *node, struct error **reterr)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < node->n_settings; i++)
		e = write_setting(cgroup, node, &node->settings[i], reterr);
	return e;
}

static int write_subtree_control(int cgroup, const struct cgroup_node *node, struct error **reterr)
{
	static const char file[] = "cgroup.subtree_control";
	_cleanup_free_ char *names = xstrdup(node->subtree_control);
	_cleanup_free_ char *words = NULL;
	char *save = NULL;
	int e;

	for (char *n = strtok_r(names, " ", &save); n; n = strtok_r(NULL, " ", &save))
		str_append(&words, "%s+%s", words ? " " : "", n);
	e = words ? write_file_at(cgroup, file, words) : 0;
	return e < 0 ? fail(node, file, words, e, reterr) : 0;
}

/* errno where one cannot be changed; a file that this host's controllers do not have is no loss */
static bool own_all(int cgroup, const struct cgroup_owner *o)
{
	_cleanup_closedir_ DIR *dir = directory_at(cgroup, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_type == DT_REG &&
		    fchownat(cgroup, e->d_name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return false;
	return dir != NULL;
}

static bool own(int cgroup, const struct cgroup_owner *o)
{
	if (strcmp(o->file, "*") == 0)
		return own_all(cgroup, o);
	return (fchownat(cgroup, o->file, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) == 0 &&
		fchmodat(cgroup, o->file, o->mode, 0) == 0) ||
	       errno == ENOENT;
}

static int write_owners(int cgroup, const struct cgroup_node *node, struct error **reterr)
{
	for (size_t i = 0; i < node->n_owners; i++) {
		const struct cgroup_owner *o = &node->owners[i];
		_cleanup_free_ char *name = file_name(node, o->file);

		if (!own(cgroup, o))
			return error_errno(reterr,
					   "cannot give %s of the container's cgroup to %u:%u",
					   name, o->uid, o->gid);
	}
	return 0;
}

/* Only notes; a file system that does not take them is no reason to stay dead. */
static void write_attributes(int cgroup, const struct cgroup_node *node)
{
	for (size_t i = 0; i < node->n_attributes; i++) {
		const struct cgroup_attribute *a = &node->attributes[i];
		size_t len = 0;
		_cleanup_free_ void *value = hex_decode(a->value, &len);

		fsetxattr(cgroup, a->name, value ? value : "", len, 0);
	}
}

static int open_node(const struct restore *r, const struct cgroup_node *node, struct error **reterr)
{
	const char *path = *node->path ? node->path : ".";
	int fd = open_in_root(r->cgroups.payload_fd, path, O_RDONLY | O_DIRECTORY);

	/* CRIU makes only those that somebody is in */
	if (fd < 0 && errno == ENOENT && mkdirat(r->cgroups.payload_fd, path, 0755) == 0)
		fd = open_in_root(r->cgroups.payload_fd, path, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? error_errno(reterr, "cannot make the cgroup %s of the container", path)
		      : fd;
}

/* The container's own cgroup is the first of the tree, where it is in it at all. */
static const struct cgroup_node *own_node(const struct restore *r)
{
	const struct container_facts *facts = &r->manifest->facts;
	const struct cgroup_node *first = facts->n_cgroup_tree > 0 ? facts->cgroup_tree : NULL;

	return first && !*first->path ? first : NULL;
}

/* The limits of the container's own cgroup. */
int cgroup_tree_begin(struct restore *r, pid_t init, struct error **reterr)
{
	const struct cgroup_node *node = own_node(r);
	_cleanup_close_ int fd = node ? open_node(r, node, reterr) : -1;

	(void)init;
	if (!node)
		return 0;
	return fd < 0 ? fd : write_settings(fd, node, reterr);
}

/* The rest of it, and those beneath. */
int cgroup_tree_complete(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;

	(void)init;
	for (size_t i = 0; i < facts->n_cgroup_tree; i++) {
		const struct cgroup_node *node = &facts->cgroup_tree[i];
		_cleanup_close_ int fd = open_node(r, node, reterr);
		int e = fd;

		if (fd >= 0)
			e = *node->path ? write_settings(fd, node, reterr) : 0;
		if (e == 0)
			e = write_subtree_control(fd, node, reterr);
		if (e == 0)
			e = write_owners(fd, node, reterr);
		if (e < 0)
			return e;
		write_attributes(fd, node);
	}
	return 0;
}
