/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Collects the facts about a running container. Runs in the caller's process, as root, in the
 * host's namespaces; it only reads. An error means that something could not be read. preflight/
 * judges the facts.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry/table_save.h"
#include "inspect/asking.h"
#include "inspect/cgroup_names.h"
#include "inspect/cgroups.h"
#include "inspect/inspect.h"
#include "inspect/mounts.h"
#include "inspect/nics.h"
#include "inspect/open_vswitch.h"
#include "inspect/users.h"
#include "storage/rootfs_identity.h"
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

enum rootfs_kind inspect_rootfs(const struct settings *settings, char **ret)
{
	const char *path = settings_get(settings, "lxc.rootfs.path");

	if (!path)
		return ROOTFS_UNSET;
	if (strncmp(path, "dir:", 4) == 0)
		path += 4;
	*ret = xstrdup(path);
	return rootfs_kind_of(path);
}

static bool has_idmap_container(const struct settings *settings)
{
	const char *options = settings_get(settings, "lxc.rootfs.options");

	return options && mount_options_have(options, "idmap=container");
}

/*
 * By the configuration, and by the actual mount: the line may have been added since the container
 * was started.
 */
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

/*
 * A container that shares a namespace of the host has no more privileges by that than one that
 * shares none.
 */
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
	struct saving saving = {.settings = settings, .facts = &facts, .init = -1, .root = -1};
	int r;

	cgroup_names(c->name, settings, &names);
	facts.name = xstrdup(c->name);
	facts.lxcpath = xstrdup(c->get_config_path(c));
	r = inspect_init(c, &facts.init_pid, reterr);
	facts.ephemeral = ephemeral && strcmp(ephemeral, "1") == 0;
	facts.obstacles.rootfs = inspect_rootfs(settings, &facts.rootfs);
	facts.obstacles.idmap_container = has_idmap_container(settings);
	facts.obstacles.pre_mount = settings_get(settings, "lxc.hook.pre-mount") != NULL;
	if (r == 0)
		inspect_shares(settings, &facts);
	if (r == 0)
		r = inspect_users(&facts, reterr);
	if (r == 0)
		r = inspect_cgroups(&facts, names.payload, reterr);
	if (r == 0)
		cgroup = cgroup2_open(&facts);
	saving.cgroup = cgroup;
	facts.inner_cgroup = inner_cgroup(settings, cgroup);
	if (r == 0)
		r = inspect_mounts(&facts, settings_get(settings, "lxc.hook.pre-start") != NULL,
				   reterr);
	if (r == 0)
		r = inspect_nics(&facts, reterr);
	if (r == 0)
		inspect_open_vswitch(settings, &facts);
	if (r == 0)
		r = carry_save(&saving, SAVE_LOOK, reterr);
	if (r < 0)
		return r;
	*ret = facts;
	facts = (struct container_facts){0};
	return 0;
}
