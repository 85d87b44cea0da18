/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs the checks before a dump, in order. Runs in the command, as root, on the host. */
#include "config.h"

#include "preflight/survey.h"
#include "util/mem.h"

#define DISPATCH_MS 5000 /* the time to check all processes for Syscall User Dispatch */

/*
 * The order: checks of mounts need the processes, checks of files need the mounts, and the space
 * depends on the results of all.
 */
static void (*const dump_checks[])(struct survey *) = {
	check_storage,	 check_starter,	    check_device_rules, check_odd_mounts,
	check_ephemeral, check_nics,	    check_links,	check_confinement,
	check_cgroups,	 check_image_place, check_network_lock, check_nobody,
	check_arguments, survey_processes,  check_sharing,	check_mounts,
	check_processes, check_caller,	    check_space,	forget_ended,
};

static void survey_clear(struct survey *s)
{
	for (size_t i = 0; i < s->n_processes; i++)
		free(s->processes[i].status);
	for (size_t i = 0; i < s->n_mounts; i++) {
		free(s->mounts[i].type);
		free(s->mounts[i].root);
		free(s->mounts[i].target);
		free(s->mounts[i].source);
	}
	free(s->processes);
	free(s->outside);
	free(s->by_root);
	free(s->watching);
	free(s->mounts);
	map_clear(&s->namespaces);
	map_clear(&s->mounts_by_id);
	map_clear(&s->mount_points);
	map_clear(&s->mounts_by_target);
	map_clear(&s->devices);
	map_clear(&s->noexec_devices);
	map_clear(&s->outside_devices);
	map_clear(&s->whole_devices);
	map_clear(&s->part_devices);
	map_clear(&s->root_inodes);
	map_clear(&s->shown_devices);
	map_clear(&s->mapped_files);
	map_clear(&s->terminals_by_end);
	map_clear(&s->unix_by_inode);
	map_clear(&s->pipes_by_key);
	map_clear(&s->automount_pipes);
	map_clear(&s->watched);
	map_clear(&s->lossy_sockets);
	map_clear(&s->harmless);
	map_clear(&s->deleted_folders);
	scout_end(&s->scout);
	free(s->terminals);
	free(s->unix_sockets);
	free(s->pipes);
	addresses_clear(&s->addresses);
}

static void run(const struct preflight *p, void (*const checks[])(struct survey *), size_t n,
		struct findings *found)
{
	const struct cgroup *cgroup = facts_cgroup2(p->facts);
	struct survey s = {
		.p = p, .found = found, .scout.limit = SCOUT_LIMIT, .dispatch_left = DISPATCH_MS};

	found->cgroup = cgroup ? cgroup->path : NULL;
	found->file_limit = UINT64_MAX;
	for (size_t i = 0; i < n; i++)
		checks[i](&s);
	findings_tell_rest(found);
	found->cgroup = NULL;
	survey_clear(&s);
}

void preflight_find(const struct preflight *p, struct findings *found)
{
	run(p, dump_checks, sizeof(dump_checks) / sizeof(dump_checks[0]), found);
}

int preflight_dump(const struct preflight *p, struct findings *found, struct error **reterr)
{
	preflight_find(p, found);
	return findings_refuse(found, p->facts->name, reterr);
}

int preflight_deleted_mounts(const struct preflight *p, struct error **reterr)
{
	static void (*const checks[])(struct survey *) = {survey_processes, check_deleted_mounts};
	_cleanup_findings_ struct findings found = {0};

	run(p, checks, sizeof(checks) / sizeof(checks[0]), &found);
	return findings_refuse(&found, p->facts->name, reterr);
}
