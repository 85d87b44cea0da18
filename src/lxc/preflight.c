/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "preflight.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

/* What CRIU cannot do without, and what for. CAP_SYS_RESOURCE is a check of its own. */
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

/* From here on it takes on the ids of the container's root before it needs one. */
static const struct criu_version knows_nobody = {4, 3, 0};

static bool have_cap(cap_value_t cap)
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
	error_set_hint(reterr,
		       "run it where root has all capabilities: not inside a container, and "
		       "not under a service that bounds them");
	return -EPERM;
}

static int check_caps(struct error **reterr)
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

int preflight_host(struct criu_program *ret_criu, struct error **reterr)
{
	int r = check_caps(reterr);

	return r < 0 ? r : criu_find(ret_criu, reterr);
}

/* Every link that the container has besides lo must be one that can be made anew. */
static int check_nics(const struct container_facts *facts, const struct criu_version *criu,
		      struct error **reterr)
{
	(void)criu;
	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];

		if (strcmp(nic->type, "veth") != 0) {
			error_refuse(reterr, EOPNOTSUPP,
				     "the network interface %s of %s is a %s: only veth can be "
				     "restored so far",
				     nic->name, facts->name, nic->type);
			return -EOPNOTSUPP;
		}
		if (!nic->host_name) {
			error_refuse(
				reterr, EOPNOTSUPP,
				"the network interface %s of %s has no other end in this network "
				"namespace",
				nic->name, facts->name);
			error_set_hint(reterr,
				       "run it in the network namespace that lxc-start ran in");
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

/*
 * CRIU restores a process only under a profile that is loaded. lxc-start unloads
 * the one that it generated when the container stops, so its text must be saved.
 */
static int check_confinement(const struct container_facts *facts, const struct criu_version *criu,
			     struct error **reterr)
{
	_cleanup_free_ char *generated = xasprintf("lxc-%s_<", facts->name);

	(void)criu;
	if (!facts->apparmor_label || facts->apparmor_policy ||
	    strncmp(facts->apparmor_label, generated, strlen(generated)) != 0)
		return 0;
	error_refuse(reterr, ENOENT,
		     "%s is confined by the generated AppArmor profile %s, and there is no text of "
		     "that in %s/%s/apparmor",
		     facts->name, facts->apparmor_label, facts->lxcpath, facts->name);
	error_set_hint(reterr, "stop and start it once with lxc-start, which writes the profile");
	return -ENOENT;
}

static bool only_root_ids(const char *status, const char *field)
{
	const char *p = strstr(status, field);

	p = p ? p + strlen(field) : "";
	/* real, effective, saved and filesystem id */
	return p[strspn(p, "\t 0")] == '\n';
}

static bool has_field(const char *status, const char *field, const char *value)
{
	const char *p = strstr(status, field);

	return p && strncmp(p + strlen(field), value, strlen(value)) == 0;
}

/*
 * What must not be lost at a restore, and what it takes to keep it: a row per
 * reason why a process cannot be checkpointed here. version 0: no CRIU knows a way.
 */
static bool other_ids_without_cap(const char *status)
{
	return !have_cap(CAP_SYS_RESOURCE) &&
	       (!only_root_ids(status, "\nUid:") || !only_root_ids(status, "\nGid:"));
}

static bool no_new_privs(const char *status)
{
	return has_field(status, "\nNoNewPrivs:", "\t1");
}

static bool ambient_caps(const char *status)
{
	return !has_field(status, "\nCapAmb:", "\t0000000000000000");
}

static const struct task_check {
	struct criu_version since; /* of this CRIU on it is no reason any more; zeros: always one */
	bool (*applies)(const char *status); /* text of /proc/PID/status */
	const char *reason;
	const char *remedy;
} task_checks[] = {
	{{0, 0, 0},
	 other_ids_without_cap,
	 "does not run as root, and the capability cap_sys_resource is missing, without which CRIU "
	 "cannot read its limits",
	 "run it where root has all capabilities"},
	{{3, 19, 0},
	 no_new_privs,
	 "has no_new_privs set, which this CRIU would lose",
	 "install CRIU 3.19 or later"},
	{{4, 1, 0},
	 ambient_caps,
	 "has ambient capabilities, which this CRIU would lose",
	 "install CRIU 4.1 or later"},
};

static bool is_fixed(const struct task_check *check, const struct criu_version *criu)
{
	return check->since.major && criu_version_cmp(criu, &check->since) >= 0;
}

struct task_search {
	const struct container_facts *facts;
	const struct criu_version *criu;
	struct error **reterr;
};

static int check_task(pid_t pid, void *userdata)
{
	const struct task_search *search = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)pid);
	_cleanup_free_ char *status = NULL;
	char name[32] = "";

	if (read_file_at(AT_FDCWD, path, 65536, &status) <= 0)
		return 0; /* it has just ended */
	for (size_t i = 0; i < sizeof(task_checks) / sizeof(task_checks[0]); i++) {
		const struct task_check *check = &task_checks[i];

		if (is_fixed(check, search->criu) || !check->applies(status))
			continue;
		/* "Name:\tcounter" is the first line */
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(status, "\n"), status);
		error_refuse(search->reterr, EPERM, "process %d (%s) of %s %s", (int)pid,
			     strlen(name) > 6 ? name + 6 : "?", search->facts->name, check->reason);
		error_set_hint(search->reterr, "%s", check->remedy);
		return -EPERM;
	}
	return 0;
}

/* Every process of the container, where there is something to look for. */
static int check_tasks(const struct container_facts *facts, const struct criu_version *criu,
		       struct error **reterr)
{
	struct task_search search = {.facts = facts, .criu = criu, .reterr = reterr};
	bool needed = !have_cap(CAP_SYS_RESOURCE);

	for (size_t i = 0; i < sizeof(task_checks) / sizeof(task_checks[0]); i++)
		needed = needed || (task_checks[i].since.major && !is_fixed(&task_checks[i], criu));
	return needed ? for_each_process(facts->init_pid, check_task, &search) : 0;
}

/* Whether an id of the container is one of the host's. */
static bool is_mapped(const struct container_facts *facts, const char *kind, unsigned int id)
{
	for (size_t i = 0; i < facts->n_idmaps; i++) {
		const struct idmap *m = &facts->idmaps[i];

		if (strcmp(m->kind, kind) == 0 && id >= m->inside && id - m->inside < m->count)
			return true;
	}
	return false;
}

static unsigned int overflow_id(const char *path)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 64, &text) > 0 ? (unsigned int)strtoul(text, NULL, 10)
							   : 65534;
}

/*
 * While CRIU restores a user namespace it is nobody there at first, and the kernel
 * only lets it speak as one who has an id: that of nobody.
 */
static int check_nobody(const struct container_facts *facts, const struct criu_version *criu,
			struct error **reterr)
{
	unsigned int uid = overflow_id("/proc/sys/kernel/overflowuid");
	unsigned int gid = overflow_id("/proc/sys/kernel/overflowgid");

	if (facts->n_idmaps == 0 || criu_version_cmp(criu, &knows_nobody) >= 0 ||
	    (is_mapped(facts, "u", uid) && is_mapped(facts, "g", gid)))
		return 0;
	error_refuse(reterr, EOPNOTSUPP,
		     "the lxc.idmap of %s leaves out the user %u or the group %u (nobody), without "
		     "which this CRIU cannot restore it",
		     facts->name, uid, gid);
	error_set_hint(reterr, "map 65536 ids, as in: lxc.idmap = u 0 100000 65536");
	return -EOPNOTSUPP;
}

static int (*const dump_checks[])(const struct container_facts *, const struct criu_version *,
				  struct error **) = {
	check_nics,
	check_confinement,
	check_nobody,
	check_tasks,
};

int preflight_dump(const struct container_facts *facts, const struct criu_version *criu,
		   struct error **reterr)
{
	for (size_t i = 0; i < sizeof(dump_checks) / sizeof(dump_checks[0]); i++) {
		int r = dump_checks[i](facts, criu, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_arch(const struct manifest *m, struct error **reterr)
{
	struct utsname un;

	if (uname(&un) < 0 || strcmp(un.machine, m->arch) == 0)
		return 0;
	return error_refuse(reterr, ENOEXEC,
			    "the checkpoint was made on %s, and this machine is %s", m->arch,
			    un.machine);
}

static int check_sources(const struct manifest *m, struct error **reterr)
{
	for (size_t i = 0; i < m->facts.n_mounts; i++) {
		const struct ext_mount *mnt = &m->facts.mounts[i];

		if (access(mnt->source, F_OK) == 0)
			continue;
		error_refuse(reterr, ENOENT,
			     "%s, which the container had on %s, is not on this host", mnt->source,
			     mnt->target);
		error_set_hint(reterr, "bring it back and restore again");
		return -ENOENT;
	}
	return 0;
}

static int (*const restore_checks[])(const struct manifest *, struct error **) = {
	check_arch,
	check_sources,
};

int preflight_restore(const struct manifest *m, const char *name, struct error **reterr)
{
	if (strcmp(m->facts.name, name) != 0)
		return error_refuse(reterr, EINVAL, "that is a checkpoint of %s, not of %s",
				    m->facts.name, name);
	for (size_t i = 0; i < sizeof(restore_checks) / sizeof(restore_checks[0]); i++) {
		int r = restore_checks[i](m, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}
