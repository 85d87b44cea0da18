/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs the checks before a restore, which compare the manifest with this host and the
 * configuration. Runs in the command, as root, on the host.
 */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "preflight/restore/restore_checks.h"

static void check_name(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;

	if (strcmp(facts->name, r->name) != 0)
		findings_add(found,
			     FINDING("container", FINDING_BLOCKS,
				     "restore it under the name of that container, or name another "
				     "directory with -D"),
			     "the checkpoint is of %s, not of %s", facts->name, r->name);
	else if (strcmp(facts->lxcpath, r->lxcpath) != 0)
		findings_add(found, FINDING("lxcpath", FINDING_NOTE, NULL),
			     "%s was in %s and is in %s", r->name, facts->lxcpath, r->lxcpath);
}

/* Memory is saved in pages, and restored in these. */
static void check_page_size(const struct restore_check *r, struct findings *found)
{
	long now = sysconf(_SC_PAGESIZE);

	if (r->manifest->page_size && now > 0 && r->manifest->page_size != (unsigned long)now)
		findings_add(found,
			     FINDING("page-size", FINDING_BLOCKS,
				     "restore it under a kernel with the same page size"),
			     "the checkpoint's memory has pages of %u bytes, and this kernel's "
			     "have %ld",
			     r->manifest->page_size, now);
}

static void check_architecture(const struct restore_check *r, struct findings *found)
{
	struct utsname un;

	if (uname(&un) < 0 || strcmp(un.machine, r->manifest->arch) == 0)
		check_page_size(r, found);
	else
		findings_add(found,
			     FINDING("architecture", FINDING_BLOCKS,
				     "restore it on a machine of the same architecture"),
			     "the checkpoint was made on %s, and this machine is %s",
			     r->manifest->arch, un.machine);
}

static void check_made(const struct restore_check *r, struct findings *found)
{
	if (r->hooks) {
		findings_add(
			found, FINDING("hooks", FINDING_NOTE, NULL),
			"%s has pre-start hooks, which may make its rootfs, what it mounts and its "
			"bridges: a restore checks these, and open files, after the hooks have run",
			r->name);
		return;
	}
	preflight_find_made(r, found);
	check_block_filesystems(r, found);
}

/* A cause comes before its consequences. */
static void (*const restore_checks[])(const struct restore_check *, struct findings *) = {
	check_name,    check_architecture, check_machine,	  check_config,
	check_made,    check_history,	   check_limits,	  check_apparmor,
	check_users,   check_seccomp,	   check_core_scheduling, check_huge_pages,
	check_readers, check_idmap,	   check_strays,
};

void preflight_find_restore(const struct restore_check *r, struct findings *found)
{
	for (size_t i = 0; i < sizeof(restore_checks) / sizeof(restore_checks[0]); i++)
		restore_checks[i](r, found);
}
