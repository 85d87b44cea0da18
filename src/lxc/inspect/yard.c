/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes a directory of links by which CRIU finds the host's cgroups, so that it mounts none itself.
 * Runs in the caller's process, as root, in the host's namespaces.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/yard.h"
#include "sys/mountflags.h"
#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mem.h"

#define YARD "yard"

/* Whether all words of "cpu,cpuacct" are options of that hierarchy's mounts. */
static bool has_controllers(struct libmnt_fs *fs, const char *controllers)
{
	const char *options = mnt_fs_get_fs_options(fs);
	_cleanup_free_ char *copy = xstrdup(controllers);
	char *save = NULL;

	for (char *c = strtok_r(copy, ",", &save); c; c = strtok_r(NULL, ",", &save))
		if (!options || !mount_options_have(options, c))
			return false;
	return true;
}

/* The mount point of the top of a hierarchy. */
static const char *find_mount(struct libmnt_table *table, const char *controllers)
{
	const char *type = *controllers ? "cgroup" : "cgroup2";
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	const char *found = NULL;
	struct libmnt_fs *fs;

	while (!found && mnt_table_next_fs(table, it, &fs) == 0)
		if (mnt_fs_match_fstype(fs, type) && mnt_fs_get_root(fs) &&
		    strcmp(mnt_fs_get_root(fs), "/") == 0 && has_controllers(fs, controllers))
			found = mnt_fs_get_target(fs);
	mnt_free_iter(it);
	return found;
}

static const char *yard_name(const char *controllers)
{
	if (!*controllers)
		return "unified";
	return strncmp(controllers, "name=", 5) == 0 ? controllers + 5 : controllers;
}

/* Atomically, because another dump may use the old one. */
static bool make_link(int yard, const char *name, const char *target)
{
	_cleanup_free_ char *tmp = xasprintf(".%d", (int)getpid());

	unlinkat(yard, tmp, 0);
	return symlinkat(target, yard, tmp) == 0 && renameat(yard, tmp, yard, name) == 0;
}

static bool fill(int yard, const struct container_facts *facts, struct libmnt_table *table)
{
	for (size_t i = 0; i < facts->n_cgroups; i++) {
		const char *controllers = facts->cgroups[i].controllers;
		const char *target = find_mount(table, controllers);

		if (!target || !make_link(yard, yard_name(controllers), target))
			return false;
	}
	return true;
}

char *cgroup_yard(const struct container_facts *facts)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	_cleanup_close_ int runtime = runtime_dir_open();
	_cleanup_close_ int yard = -1;
	bool filled = false;

	if (runtime >= 0)
		mkdirat(runtime, YARD, 0700);
	yard = runtime < 0 ? -1
			   : openat(runtime, YARD, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (table && yard >= 0)
		filled = fill(yard, facts, table);
	mnt_unref_table(table);
	return filled ? xstrdup(RUNTIME_DIR "/" YARD) : NULL;
}
