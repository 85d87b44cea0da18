/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the host must provide: cgroup controllers, AppArmor, seccomp, core scheduling, user
 * namespaces. Runs in the command, as root, on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "criu/image_names.h"
#include "preflight/restore/restore_checks.h"
#include "preflight/survey.h"
#include "sys/core_cookie.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define TEXT_MAX (1024 * 1024)

/* --- cgroups --- */

static bool has_controller(const char *controllers, const char *name, size_t len)
{
	for (const char *p = controllers; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (strcspn(p, " \n") == len && strncmp(p, name, len) == 0)
			return true;
	}
	return false;
}

/* The file of a setting begins with the name of its controller; cgroup.* belong to none. */
static void check_settings(const struct cgroup_node *node, const char *controllers,
			   struct findings *found)
{
	for (size_t i = 0; i < node->n_settings; i++) {
		const char *file = node->settings[i].file;
		size_t len = strcspn(file, ".");

		if ((len == strlen("cgroup") && strncmp(file, "cgroup", len) == 0) ||
		    has_controller(controllers, file, len))
			continue;
		findings_add(
			found,
			FINDING("cgroup-controller", FINDING_BLOCKS,
				"restore it on a host that has it (cgroup.controllers); "
				"cgroup_disable= on "
				"the kernel's command line removes it"),
			"the container has the limit %s, and cgroup2 has no controller %.*s here",
			file, (int)len, file);
	}
}

void check_limits(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *controllers = NULL;

	if (!is_unified_cgroup(CGROUP_MOUNT)) {
		findings_add(found, FINDING("cgroup-v1", FINDING_BLOCKS, CGROUP_V1_REMEDY),
			     "this host has cgroups of version 1, or of both versions: %s can only "
			     "be restored with cgroup2 on " CGROUP_MOUNT,
			     facts->name);
		return;
	}
	if (read_file_at(AT_FDCWD, CGROUP_MOUNT "/cgroup.controllers", 4096, &controllers) < 0)
		return;
	for (size_t i = 0; i < facts->n_cgroup_tree; i++)
		check_settings(&facts->cgroup_tree[i], controllers, found);
}

/* --- AppArmor and seccomp --- */

static bool apparmor_is_on(void)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &text) > 0 &&
	       *text == 'Y';
}

/* Whether the profile is loaded; true if the kernel does not list its profiles. */
static bool profile_is_loaded(const char *label)
{
	_cleanup_free_ char *profiles = NULL;
	_cleanup_free_ char *line = xasprintf("%s (", label);
	size_t len = strlen(line);

	if (read_file_at(AT_FDCWD, "/sys/kernel/security/apparmor/profiles", TEXT_MAX, &profiles) <=
	    0)
		return true;
	for (const char *p = profiles; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, line, len) == 0)
			return true;
	return false;
}

static void check_unconfined(const struct restore_check *r, struct findings *found)
{
	const char *profile = config_item_value(r->config, r->n_config, "lxc.apparmor.profile");

	if (r->n_config && apparmor_is_on() && (!profile || strcmp(profile, "unconfined") != 0))
		findings_add(found,
			     FINDING("apparmor", FINDING_WARNING,
				     "start it again to confine it, or set lxc.apparmor.profile = "
				     "unconfined"),
			     "%s was not confined by AppArmor and will not be, though its config "
			     "asks for it",
			     r->name);
}

void check_apparmor(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *parser = NULL;

	if (!facts->apparmor_label) {
		check_unconfined(r, found);
		return;
	}
	if (!apparmor_is_on()) {
		findings_add(found,
			     FINDING("apparmor", FINDING_BLOCKS,
				     "restore it under a kernel with AppArmor (apparmor=1)"),
			     "%s is confined by the AppArmor profile %s, and AppArmor is off here",
			     r->name, facts->apparmor_label);
		return;
	}
	parser = system_program("apparmor_parser");
	if (facts->apparmor_policy && !parser)
		findings_add(found, FINDING("apparmor", FINDING_BLOCKS, "apt-get install apparmor"),
			     "the container is confined by AppArmor, and apparmor_parser is not "
			     "installed");
	/* the kernel lists the parts of a stack of profiles */
	if (!facts->apparmor_policy && !strstr(facts->apparmor_label, "//&") &&
	    !profile_is_loaded(facts->apparmor_label))
		findings_add(found,
			     FINDING("apparmor", FINDING_BLOCKS,
				     "load it: apparmor_parser -r /etc/apparmor.d/FILE"),
			     "%s is confined by the AppArmor profile %s, which is not loaded here",
			     r->name, facts->apparmor_label);
}

void check_seccomp(const struct restore_check *r, struct findings *found)
{
	const struct manifest *m = r->manifest;

	if (prctl(PR_GET_SECCOMP) >= 0)
		return;
	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, CRIU_SECCOMP) == 0)
			findings_add(found,
				     FINDING("seccomp", FINDING_BLOCKS,
					     "restore it under a kernel with CONFIG_SECCOMP"),
				     "processes of %s are confined by seccomp, which this kernel "
				     "does not support",
				     r->name);
}

/* --- core scheduling --- */

static bool has_cookies(const struct container_facts *facts)
{
	for (size_t i = 0; i < facts->n_threads; i++)
		if (facts->threads[i].core_group)
			return true;
	return false;
}

void check_core_scheduling(const struct restore_check *r, struct findings *found)
{
	int e = has_cookies(&r->manifest->facts) ? core_cookie_check() : 0;

	if (e < 0)
		findings_add(
			found,
			FINDING("core-scheduling", FINDING_WARNING,
				"restore it on a machine with SMT and core scheduling to have it "
				"keep "
				"that"),
			"processes of %s had CPU cores to themselves (lxc.sched.core), and will "
			"not have them: %s",
			r->name,
			e == -ENODEV ? "this machine has no SMT, or it is off"
				     : "this kernel has no core scheduling");
}

/* --- users --- */

/* Whether the ids from first on, so many, are among those of a line's range. */
static bool is_within(const struct idmap *m, unsigned long long first, unsigned long long count)
{
	return m->outside >= first && m->outside - first < count &&
	       m->count <= count - (m->outside - first);
}

static bool range_is_ours(const struct idmap *m, const char *text)
{
	for (const char *l = text; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL) {
		char *end;
		unsigned long long inside = strtoull(l, &end, 10), count;

		/* its ID outside our namespace does not matter */
		strtoull(end, &end, 10);
		count = strtoull(end, NULL, 10);
		if (is_within(m, inside, count))
			return true;
	}
	return false;
}

bool ids_are_ours(const struct container_facts *facts, const char *kind, const char *text)
{
	for (size_t i = 0; i < facts->n_idmaps; i++)
		if (strcmp(facts->idmaps[i].kind, kind) == 0 &&
		    !range_is_ours(&facts->idmaps[i], text))
			return false;
	return true;
}

static bool map_is_ours(const struct container_facts *facts, const char *kind, const char *path)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 65536, &text) <= 0 || ids_are_ours(facts, kind, text);
}

void check_users(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *most = NULL;

	if (facts->n_idmaps == 0)
		return;
	if (access("/proc/self/ns/user", F_OK) < 0 ||
	    (read_file_at(AT_FDCWD, "/proc/sys/user/max_user_namespaces", 64, &most) > 0 &&
	     strtol(most, NULL, 10) == 0))
		findings_add(found,
			     FINDING("user-namespace", FINDING_BLOCKS,
				     "sysctl -w user.max_user_namespaces=10000"),
			     "%s has an ID map, and this kernel allows no user namespaces",
			     r->name);
	if (!map_is_ours(facts, "u", "/proc/self/uid_map") ||
	    !map_is_ours(facts, "g", "/proc/self/gid_map"))
		findings_add(found,
			     FINDING("user-namespace", FINDING_BLOCKS,
				     "restore it where root has all IDs, not in a container"),
			     "%s has an ID map, and not all of its IDs are available on this host",
			     r->name);
}
