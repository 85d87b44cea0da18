/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what a container has of its host: rootfs, users, mounts and terminals, rules for
 * devices. Runs before a dump, in the caller's process; from the facts alone.
 */
#include "config.h"

#include <string.h>

#include "preflight/survey.h"
#include "sys/scout.h"
#include "util/mem.h"

void check_storage(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	const struct rootfs_check rootfs = {
		.name = facts->name,
		.config_file = s->p->config_file,
		.path = facts->rootfs,
		.kind = facts->obstacles.rootfs,
		.differs = facts->obstacles.rootfs_differs,
		.mapped = facts->n_idmaps > 0,
		.pre_mount = facts->obstacles.pre_mount,
	};

	preflight_rootfs(&rootfs, s->found);
	/* which map another kind of idmapped mount has cannot be seen from outside */
	if (facts->rootfs_idmapped && (facts->n_idmaps == 0 || !facts->obstacles.idmap_container))
		findings_add(
			s->found,
			FINDING("idmap", FINDING_BLOCKS,
				"use lxc.rootfs.options = idmap=container, which can be restored"),
			"the rootfs of %s is an ID-mapped mount that does not use the "
			"container's own ID map",
			facts->name);
}

/* The cgroups, network and monitor of another user's container belong to that user. */
void check_starter(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;

	if (facts->obstacles.starter > 0)
		findings_add(
			s->found,
			FINDING("starter", FINDING_BLOCKS,
				"start it as root, with the same lxc.idmap: its processes gain no "
				"rights by that"),
			"%s was started by the user %ld: only containers that root starts "
			"can be checkpointed",
			facts->name, facts->obstacles.starter);
	if (facts->obstacles.own_users &&
	    (facts_root_id(facts, "u") < 0 || facts_root_id(facts, "g") < 0))
		findings_add(
			s->found,
			FINDING("idmap", FINDING_BLOCKS, "map user 0 and group 0 in its lxc.idmap"),
			"the user namespace of %s has no root: CRIU can only restore one "
			"in which user 0 and group 0 are mapped",
			facts->name);
}

void check_device_rules(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	const struct obstacles *o = &facts->obstacles;
	_cleanup_free_ char *program =
		o->device_program ? xasprintf(" (BPF program %u)", o->device_program) : xstrdup("");

	if (o->devices_err)
		findings_add(
			s->found,
			FINDING("device-rules", FINDING_BLOCKS,
				"without them a restored container could use every device; check "
				"the sysctls net.core.bpf_jit_harden and "
				"kernel.kptr_restrict"),
			"cannot read the device rules of %s%s: %s", facts->name, program,
			strerror(o->devices_err));
}

static void tell_unseen(struct survey *s, const struct odd_mount *m, const char *what)
{
	bool late = m->err == ETIMEDOUT;

	findings_add(s->found,
		     FINDING(late ? "no-answer" : "mount-source", FINDING_BLOCKS,
			     late ? SCOUT_HINT : "unmount it in the container"),
		     "cannot look at the container's %s %s: %s", what, m->target,
		     late ? "there is no answer" : strerror(m->err));
}

static void tell_odd(struct survey *s, const struct odd_mount *m)
{
	_cleanup_free_ char *remedy = NULL;

	switch (m->kind) {
	case ODD_SOURCE:
		remedy = xasprintf("mount its source again on the host, or unmount %s in the "
				   "container",
				   m->target);
		findings_add(s->found, FINDING("mount-source", FINDING_BLOCKS, remedy),
			     "the container's mount %s shows %s of a host filesystem (%s), and "
			     "no path on this host leads there any more",
			     m->target, m->root, m->type);
		break;
	case ODD_OPTIONS:
		findings_add(
			s->found,
			FINDING("mount-options", FINDING_BLOCKS,
				"mount it without that (idmap=... in an lxc.mount.entry), or "
				"unmount it"),
			"the container's mount %s has the options \"%s\", which cannot be restored "
			"yet",
			m->target, m->options);
		break;
	case ODD_UNSEEN:
		tell_unseen(s, m, "mount");
		break;
	case ODD_TERMINAL_UNSEEN:
		tell_unseen(s, m, "terminal");
		break;
	case ODD_TERMINAL_COVERED:
		remedy = xasprintf("in the container, unmount what is mounted over %s", m->target);
		findings_add(s->found, FINDING("terminal", FINDING_BLOCKS, remedy),
			     "something else covers the container's terminal %s, which "
			     "therefore cannot be saved",
			     m->target);
		break;
	case ODD_BEYOND:
		findings_add(s->found,
			     FINDING("too-many-mounts", FINDING_BLOCKS,
				     "unmount those that are not needed, in the container"),
			     "%s has more than %d mounts of the host's files, too many for "
			     "CRIU's command line",
			     s->p->facts->name, OUTSIDE_MAX);
		break;
	}
}

void check_odd_mounts(struct survey *s)
{
	const struct obstacles *o = &s->p->facts->obstacles;
	bool beyond = false;

	for (size_t i = 0; i < o->n_mounts; i++) {
		/* once for all */
		if (!beyond || o->mounts[i].kind != ODD_BEYOND)
			tell_odd(s, &o->mounts[i]);
		beyond = beyond || o->mounts[i].kind == ODD_BEYOND;
	}
}
