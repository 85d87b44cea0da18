/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry/apparmor_save.h"
#include "carry/devices_save.h"
#include "carry/nexthops_save.h"
#include "inspect/asking.h"
#include "inspect/cgroup_names.h"
#include "inspect/cgroups.h"
#include "inspect/inspect.h"
#include "inspect/mounts.h"
#include "inspect/nics.h"
#include "inspect/users.h"
#include "sys/mountflags.h"
#include "util/fd.h"
#include "util/mem.h"

int inspect_defined(struct lxc_container *c, struct error **reterr)
{
	if (c->is_defined(c))
		return 0;
	return error_refuse(reterr, ENOENT, "there is no container %s in %s", c->name,
			    c->get_config_path(c));
}

int inspect_state(struct lxc_container *c, const char **ret, struct error **reterr)
{
	int r = inspect_defined(c, reterr);

	return r < 0 ? r : asked_state(c, ret, reterr);
}

/*
 * What is no directory on the host is mounted by LXC when the container starts. LXC writes the
 * kind before the path, and liblxc does not always hand that out.
 */
static const char *storage_kind(const char *path)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (strncmp(path, "overlay", strlen("overlay")) == 0 || (!there && strstr(path, ":/")))
		return "an overlay that LXC mounts";
	if (strncmp(path, "loop:", strlen("loop:")) == 0 || (there && S_ISREG(st.st_mode)))
		return "a file that LXC mounts (loop)";
	if (there && S_ISBLK(st.st_mode))
		return "a block device that LXC mounts";
	return *path == '/' ? NULL : "mounted by LXC";
}

static int refuse_storage(struct lxc_container *c, const char *path, const char *kind,
			  struct error **reterr)
{
	error_refuse(
		reterr, EOPNOTSUPP,
		"the rootfs of %s, %s, is %s: only a directory of the host can be checkpointed "
		"and restored so far",
		c->name, path, kind);
	error_set_hint(reterr,
		       "mount it on a directory of the host before the container starts, and name "
		       "that as lxc.rootfs.path in %s",
		       c->configfile);
	return -EOPNOTSUPP;
}

int inspect_rootfs_path(struct lxc_container *c, const struct settings *settings, char **ret,
			struct error **reterr)
{
	const char *path = settings_get(settings, "lxc.rootfs.path");
	const char *dir = path, *kind;

	if (!path) {
		error_refuse(reterr, ENOENT, "%s has no lxc.rootfs.path", c->name);
		return -ENOENT;
	}
	if (strncmp(dir, "dir:", 4) == 0)
		dir += 4;
	kind = storage_kind(dir);
	if (kind)
		return refuse_storage(c, dir, kind, reterr);
	*ret = xstrdup(dir);
	return 0;
}

int inspect_rootfs(struct lxc_container *c, const struct settings *settings, char **ret,
		   struct error **reterr)
{
	_cleanup_free_ char *dir = NULL;
	struct stat st;
	int r = inspect_rootfs_path(c, settings, &dir, reterr);

	if (r < 0)
		return r;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		error_refuse(reterr, ENOENT, "the rootfs of %s, %s, is missing", c->name, dir);
		error_set_hint(reterr, "mount it, or correct lxc.rootfs.path in %s", c->configfile);
		return -ENOENT;
	}
	*ret = TAKE_PTR(dir);
	return 0;
}

/* Which map another kind of idmapped mount has cannot be seen from outside. */
static int check_rootfs_idmap(const struct settings *settings, const struct container_facts *facts,
			      struct error **reterr)
{
	const char *options = settings_get(settings, "lxc.rootfs.options");

	if (!facts->rootfs_idmapped ||
	    (facts->n_idmaps > 0 && options && mount_options_have(options, "idmap=container")))
		return 0;
	error_refuse(reterr, EOPNOTSUPP,
		     "the rootfs of %s is an ID-mapped mount that does not use the container's own "
		     "ID map",
		     facts->name);
	error_set_hint(reterr, "use lxc.rootfs.options = idmap=container, which can be restored");
	return -EOPNOTSUPP;
}

/* As the config has it, and as it is: that line may have come since the container was started. */
static char *inner_cgroup(const struct settings *settings, int cgroup)
{
	const char *inner = settings_get(settings, "lxc.cgroup.dir.container.inner");

	if (!inner || cgroup < 0 || faccessat(cgroup, inner, F_OK, 0) < 0)
		return NULL;
	return xstrdup(inner);
}

static int inspect_init(struct lxc_container *c, pid_t *ret, struct error **reterr)
{
	int r = asked_init_pid(c, ret, reterr);

	if (r < 0 || *ret > 0)
		return r;
	error_refuse(reterr, ESRCH, "%s is not running", c->name);
	return -ESRCH;
}

static bool is_in_ours(pid_t pid, const char *kind)
{
	_cleanup_free_ char *theirs = xasprintf("/proc/%d/ns/%s", (int)pid, kind);
	_cleanup_free_ char *ours = xasprintf("/proc/self/ns/%s", kind);
	struct stat a, b;

	return stat(theirs, &a) == 0 && stat(ours, &b) == 0 && a.st_ino == b.st_ino;
}

/* A container that shares a namespace of the host has no more than one that shares none. */
static void inspect_shares(const struct settings *settings, struct container_facts *facts)
{
	for (const char *const *kind = settings_shares; *kind; kind++) {
		_cleanup_free_ char *key = xasprintf("lxc.namespace.share.%s", *kind);
		const char *value = settings_get(settings, key);

		if (value && !is_in_ours(facts->init_pid, *kind))
			*ARRAY_ADD(facts->shares, facts->n_shares) =
				xasprintf("%s = %s", key, value);
	}
}

int inspect_container(struct lxc_container *c, const struct settings *settings,
		      struct container_facts *ret, struct error **reterr)
{
	const char *ephemeral = settings_get(settings, "lxc.ephemeral");
	_cleanup_facts_ struct container_facts facts = {0};
	_cleanup_cgroup_names_ struct cgroup_names names = {0};
	_cleanup_close_ int cgroup = -1;
	int r;

	cgroup_names(c->name, settings, &names);
	facts.name = xstrdup(c->name);
	facts.lxcpath = xstrdup(c->get_config_path(c));
	r = inspect_init(c, &facts.init_pid, reterr);
	facts.ephemeral = ephemeral && strcmp(ephemeral, "1") == 0;
	if (r == 0)
		inspect_shares(settings, &facts);
	if (r == 0)
		r = inspect_rootfs(c, settings, &facts.rootfs, reterr);
	if (r == 0)
		r = inspect_users(&facts, reterr);
	if (r == 0)
		r = inspect_cgroups(&facts, names.payload, reterr);
	if (r == 0)
		cgroup = cgroup2_open(&facts);
	facts.inner_cgroup = inner_cgroup(settings, cgroup);
	if (r == 0)
		r = inspect_devices(&facts, cgroup, reterr);
	if (r == 0)
		r = inspect_lsm(&facts, reterr);
	if (r == 0)
		r = inspect_mounts(&facts, reterr);
	if (r == 0)
		r = check_rootfs_idmap(settings, &facts, reterr);
	if (r == 0)
		r = inspect_nics(&facts, reterr);
	if (r == 0)
		r = inspect_nexthops(&facts, reterr);
	if (r < 0)
		return r;
	*ret = facts;
	facts = (struct container_facts){0};
	return 0;
}
