/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds how lxc-start names a container's cgroups. Runs in the caller's process; pure. */
#include "config.h"

#include <string.h>

#include "inspect/cgroup_names.h"
#include "util/mem.h"

/* Replaces each %n of the pattern by the container's name. Caller frees. */
static char *fill_in(const char *pattern, const char *name)
{
	char *text = NULL;

	for (const char *p = pattern + strspn(pattern, "/"); *p;) {
		if (strncmp(p, "%n", 2) == 0) {
			str_append(&text, "%s", name);
			p += 2;
		} else {
			str_append(&text, "%c", *p++);
		}
	}
	return text;
}

/* The configured name, else one in dir, else one by the pattern, else one beside the others. */
static char *name_of(const char *name, const char *configured, const char *dir, const char *pattern,
		     const char *role)
{
	if (configured)
		return xstrdup(configured);
	if (!dir && pattern)
		return xasprintf("%s/%s", pattern, role);
	return xasprintf("%s%slxc.%s.%s", dir ? dir : "", dir ? "/" : "", role, name);
}

void cgroup_names(const char *name, const struct settings *settings, struct cgroup_names *ret)
{
	const char *dir = settings_get(settings, "lxc.cgroup.dir");
	const char *pivot = settings_get(settings, "lxc.cgroup.dir.monitor.pivot");
	const char *payload = settings_get(settings, "lxc.cgroup.dir.container");
	const char *monitor = settings_get(settings, "lxc.cgroup.dir.monitor");
	const char *global = lxc_get_global_config_item("lxc.cgroup.pattern");
	_cleanup_free_ char *pattern = global && *global ? fill_in(global, name) : NULL;
	const char *above = pivot ? pivot : dir;

	ret->payload = name_of(name, payload, dir, pattern, "payload");
	ret->monitor = name_of(name, monitor, dir, pattern, "monitor");
	ret->pivot = xasprintf("%s%slxc.pivot", above ? above : "", above ? "/" : "");
}

void cgroup_names_clear(struct cgroup_names *names)
{
	free(names->payload);
	free(names->monitor);
	free(names->pivot);
	*names = (struct cgroup_names){0};
}
