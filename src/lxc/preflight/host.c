/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether this host can checkpoint or restore at all: root, capabilities, CRIU. Runs in the
 * command.
 */
#include "config.h"

#include <linux/magic.h>
#include <sys/capability.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "preflight/survey.h"

/* The capabilities that CRIU needs, and what for. CAP_SYS_RESOURCE has a check of its own. */
static const struct {
	cap_value_t cap;
	const char *what_for;
} needed_caps[] = {
	{CAP_SYS_ADMIN, "namespaces and mounts"},
	{CAP_SYS_PTRACE, "the container's processes"},
	{CAP_NET_ADMIN, "network interfaces and connections"},
	{CAP_SYS_CHROOT, "the container's root directory"},
	{CAP_SETPCAP, "the processes' capabilities"},
	{CAP_SETUID, "the processes' users"},
	{CAP_SETGID, "the processes' groups"},
	{CAP_KILL, "stopping the processes"},
	{CAP_DAC_OVERRIDE, "the container's files"},
	{CAP_FOWNER, "the container's files"},
	{CAP_CHOWN, "the container's files"},
	{CAP_MKNOD, "device nodes on the container's tmpfs"},
};

bool have_cap(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t v = CAP_CLEAR;

	if (caps)
		cap_get_flag(caps, cap, CAP_EFFECTIVE, &v);
	cap_free(caps);
	return v == CAP_SET;
}

static int refuse_cap(cap_value_t cap, const char *what_for, struct error **reterr)
{
	char *name = cap_to_name(cap);

	error_refuse(reterr, EPERM, "the capability %s is missing, which CRIU needs for %s",
		     name ? name : "?", what_for);
	cap_free(name);
	error_set_hint(reterr, "run it where root has all capabilities: not in a container, and "
			       "not in a service that limits them");
	return -EPERM;
}

int preflight_privileges(struct error **reterr)
{
	if (geteuid() != 0) {
		error_refuse(reterr, EPERM, "only root can checkpoint and restore containers");
		error_set_hint(reterr, "use sudo");
		return -EPERM;
	}
	for (size_t i = 0; i < sizeof(needed_caps) / sizeof(needed_caps[0]); i++)
		if (!have_cap(needed_caps[i].cap))
			return refuse_cap(needed_caps[i].cap, needed_caps[i].what_for, reterr);
	return 0;
}

bool is_unified_cgroup(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC;
}

int preflight_host(struct criu_program *ret_criu, struct error **reterr)
{
	int r = preflight_privileges(reterr);

	return r < 0 ? r : criu_find(ret_criu, reterr);
}
