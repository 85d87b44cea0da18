/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "inspect/cgroup_names.h"
#include "inspect/settings.h"
#include "util/mem.h"

/* The pattern with the container's name for each %n. Caller frees. */
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

/* As it is configured, else in dir, else by the pattern, else beside the others. */
static char *name_of(struct lxc_container *c, const char *key, const char *dir, const char *pattern,
		     const char *role)
{
	char *configured = config_get(c, key);

	if (configured)
		return configured;
	if (!dir && pattern)
		return xasprintf("%s/%s", pattern, role);
	return xasprintf("%s%slxc.%s.%s", dir ? dir : "", dir ? "/" : "", role, c->name);
}

void cgroup_names(struct lxc_container *c, struct cgroup_names *ret)
{
	_cleanup_free_ char *dir = config_get(c, "lxc.cgroup.dir");
	_cleanup_free_ char *pivot = config_get(c, "lxc.cgroup.dir.monitor.pivot");
	const char *global = lxc_get_global_config_item("lxc.cgroup.pattern");
	_cleanup_free_ char *pattern = global && *global ? fill_in(global, c->name) : NULL;
	const char *above = pivot ? pivot : dir;

	ret->payload = name_of(c, "lxc.cgroup.dir.container", dir, pattern, "payload");
	ret->monitor = name_of(c, "lxc.cgroup.dir.monitor", dir, pattern, "monitor");
	ret->pivot = xasprintf("%s%slxc.pivot", above ? above : "", above ? "/" : "");
}

void cgroup_names_clear(struct cgroup_names *names)
{
	free(names->payload);
	free(names->monitor);
	free(names->pivot);
	*names = (struct cgroup_names){0};
}
