/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the container as a whole, and the space for its checkpoint. Runs in the command, as root,
 * on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "preflight/survey.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef ZFS_SUPER_MAGIC
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#endif
#ifndef BTRFS_SUPER_MAGIC
#define BTRFS_SUPER_MAGIC 0x9123683e
#endif

#define MIB (1024.0 * 1024.0)

/* A checkpoint does not contain the files of the rootfs. */
void check_ephemeral(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;

	if (facts->ephemeral && s->p->stop)
		findings_add(s->found,
			     FINDING("ephemeral", FINDING_BLOCKS,
				     "omit -s, or start it without lxc.ephemeral"),
			     "%s is ephemeral: when it stops, its rootfs and %s/%s are destroyed, "
			     "and it cannot be restored without them",
			     facts->name, facts->lxcpath, facts->name);
}

/* Remedies for links that CRIU cannot make again. */
static const char *nic_remedy(const char *type)
{
	static const struct {
		const char *type, *remedy;
	} known[] = {
		{"phys", "give it back to the host, and let the container use a veth or a macvlan "
			 "on it (lxc.net.N.type)"},
		{"macvlan", "use lxc.net.N.type = macvlan on an interface of the host in a "
			    "container without lxc.idmap, in another mode than source"},
		{"vlan", "let the host tag the packets: a veth with lxc.net.N.veth.vlan.id, or a "
			 "macvlan on a VLAN of the host"},
		{"ipvlan", "use a macvlan or a veth (lxc.net.N.type)"},
		{"wireguard", "take it down for the checkpoint and up after the restore "
			      "(wg-quick), or let the host have the tunnel"},
		{"dummy", "use a bridge without ports, which holds addresses as well"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].type, type) == 0)
			return known[i].remedy;
	return "remove it first: ip link delete";
}

/* What is wrong with it, after its name. Caller frees. */
static char *nic_fault(const struct inner_nic *nic)
{
	switch (nic->fault) {
	case INNER_FALLBACK:
		return xasprintf("of the kind %s, which cannot be restored; the kernel makes it in "
				 "each network namespace while the module for such tunnels is "
				 "loaded",
				 nic->type);
	case INNER_OTHER_END:
		return xstrdup("whose other end is outside of the container");
	case INNER_OPEN_VSWITCH:
		return xstrdup("a port of an Open vSwitch bridge, to which a restore does not "
			       "attach it");
	case INNER_SAME_NAME:
		return xstrdup("which has the name of one of the container's that leads to the "
			       "host: CRIU would take it for that one");
	case INNER_KIND:
	default:
		return xasprintf("of the kind %s, which cannot be restored%s", nic->type,
				 strcmp(nic->type, "macvlan") == 0 ? " in its mode and place" : "");
	}
}

static const char *fault_remedy(const struct inner_nic *nic)
{
	switch (nic->fault) {
	case INNER_FALLBACK:
		return "on the host: sysctl net.core.fb_tunnels_only_for_init_net=1, and start the "
		       "container again; or unload the module (sit0, gre0 and gretap0: set it "
		       "down)";
	case INNER_OTHER_END:
		return "stop that process, or delete the interface";
	case INNER_OPEN_VSWITCH:
		return "use a bridge of the kernel (lxc.net.N.link), which can filter VLANs as "
		       "well (lxc.net.N.veth.vlan.id)";
	case INNER_SAME_NAME:
		return "give it another name (ip link set NAME name OTHER)";
	case INNER_KIND:
	default:
		return nic->pid ? "stop that process, or delete the interface"
				: nic_remedy(nic->type);
	}
}

static void check_inner_nic(struct survey *s, const struct inner_nic *nic)
{
	_cleanup_free_ char *fault = nic_fault(nic);
	_cleanup_free_ char *name = process_text(nic->pid, "comm");
	struct finding_process process = {nic->pid, process_inner_id(nic->pid), name, 0};

	if (nic->pid == 0) {
		findings_add(s->found,
			     FINDING("network-interface", FINDING_BLOCKS, fault_remedy(nic)),
			     "the network interface %s of %s is %s", nic->name, s->p->facts->name,
			     fault);
		return;
	}
	name[strcspn(name, "\n")] = '\0';
	findings_add(s->found,
		     FINDING("network-interface", FINDING_BLOCKS, fault_remedy(nic),
			     .process = &process),
		     "is in a network namespace with an interface %s %s", nic->name, fault);
}

static void check_inner_nics(struct survey *s)
{
	const struct obstacles *o = &s->p->facts->obstacles;

	for (size_t i = 0; i < o->n_nics; i++)
		check_inner_nic(s, &o->nics[i]);
}

/* A restore must be able to make every link of the container besides lo. */
void check_nics(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;

	check_inner_nics(s);
	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];

		if (nic->parent)
			continue;
		if (!nic->host_name)
			findings_add(
				s->found,
				FINDING("network-interface", FINDING_BLOCKS,
					"run it in the network namespace that lxc-start ran in"),
				"the network interface %s of %s has no other end in this network "
				"namespace",
				nic->name, facts->name);
		else if (nic->settings_error < 0)
			findings_add(s->found,
				     FINDING("network-interface", FINDING_BLOCKS,
					     "look at it with ip -d link and bridge -d link, and "
					     "remove what it has too much of"),
				     "the settings of %s, the host's end of the network interface "
				     "%s of %s, cannot be read: %s",
				     nic->host_name, nic->name, facts->name,
				     strerror(-nic->settings_error));
	}
}

/*
 * CRIU restores a process only under a loaded profile. lxc-start unloads its generated profile when
 * the container stops, so the checkpoint must save the text.
 */
void check_confinement(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	_cleanup_free_ char *generated = xasprintf("lxc-%s_<", facts->name);

	if (facts->apparmor_label && !facts->apparmor_policy &&
	    strncmp(facts->apparmor_label, generated, strlen(generated)) == 0)
		findings_add(
			s->found,
			FINDING("apparmor-profile", FINDING_BLOCKS,
				"stop and start it once with lxc-start, which writes the profile"),
			"%s is confined by the generated AppArmor profile %s, whose text "
			"is missing in %s/%s/apparmor",
			facts->name, facts->apparmor_label, facts->lxcpath, facts->name);
}

/* The container's limits and device rules would be lost with those hierarchies. */
void check_cgroups(struct survey *s)
{
	if (!is_unified_cgroup(CGROUP_MOUNT))
		findings_add(s->found, FINDING("cgroup-v1", FINDING_BLOCKS, CGROUP_V1_REMEDY),
			     "the cgroups of %s are of version 1, or of both versions: only "
			     "those of cgroup2 can be restored",
			     s->p->facts->name);
}

/* Whether the container maps this ID. */
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
 * While CRIU restores a user namespace, it is at first nobody in there, and this ID must be mapped
 * for the kernel to accept its messages. Later versions switch to the container's root before.
 */
void check_nobody(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	unsigned int uid = overflow_id("/proc/sys/kernel/overflowuid");
	unsigned int gid = overflow_id("/proc/sys/kernel/overflowgid");

	if (facts->n_idmaps > 0 && !is_fixed(s, CRIU_UNMAPPED_NOBODY) &&
	    (!is_mapped(facts, "u", uid) || !is_mapped(facts, "g", gid)))
		findings_add(s->found,
			     FINDING("unmapped-nobody", FINDING_BLOCKS,
				     "map 65536 ids, as in: lxc.idmap = u 0 100000 65536"),
			     "the lxc.idmap of %s does not map the user %u or the group %u "
			     "(nobody), without which this CRIU cannot restore it",
			     facts->name, uid, gid);
}

/*
 * CRIU runs these programs if taking the veths off their bridges is not enough, see network_lock().
 */
void check_network_lock(struct survey *s)
{
	static const struct {
		const char *name, *needed; /* a path */
	} programs[] = {
		{"iptables-restore", "/"},
		{"ip6tables-restore", "/proc/sys/net/ipv6"},
	};
	const struct container_facts *facts = s->p->facts;

	if (facts->host_network ||
	    (facts_network_comes_off(facts) && is_fixed(s, CRIU_LOCK_NOTHING)))
		return;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		_cleanup_free_ char *path = system_program(programs[i].name);

		if (!path && access(programs[i].needed, F_OK) == 0)
			findings_add(s->found,
				     FINDING("network-lock", FINDING_BLOCKS,
					     "install it: apt-get install iptables"),
				     "%s is missing, which CRIU needs to hold packets back from "
				     "the network interfaces of %s",
				     programs[i].name, facts->name);
	}
}

/* The directory, or the closest existing one above it. */
static int statfs_above(const char *directory, struct statfs *ret)
{
	_cleanup_free_ char *path = xstrdup(directory);

	while (statfs(path, ret) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || !slash)
			return -1;
		slash[slash == path] = '\0';
		if (slash == path && statfs(path, ret) < 0)
			return -1;
	}
	return 0;
}

static bool compresses(const struct statfs *fs)
{
	return (unsigned long)fs->f_type == BTRFS_SUPER_MAGIC ||
	       (unsigned long)fs->f_type == ZFS_SUPER_MAGIC;
}

/*
 * Memory that is in no file goes to the image page by page: without space for it the dump certainly
 * fails. Shared memory and tmpfs may be counted twice or compressed, so they only deserve a
 * warning.
 */
void check_space(struct survey *s)
{
	uint64_t least = s->private_bytes, likely = s->resident_bytes + s->deleted_bytes, room;
	struct statfs fs;

	s->found->memory = likely;
	if (!s->p->directory || statfs_above(s->p->directory, &fs) < 0)
		return;
	room = (uint64_t)fs.f_bfree * (uint64_t)fs.f_bsize;
	if (least > room && !compresses(&fs))
		findings_add(s->found,
			     FINDING("space", FINDING_BLOCKS,
				     "free space, or name another directory with -D"),
			     "the memory of %s takes at least %.1f MiB, and there are %.1f MiB "
			     "left for %s",
			     s->p->facts->name, (double)least / MIB, (double)room / MIB,
			     s->p->directory);
	else if (likely > room)
		findings_add(s->found,
			     FINDING("space", FINDING_WARNING,
				     "free space, or name another directory with -D"),
			     "the memory of %s takes up to %.1f MiB, and there are %.1f MiB left "
			     "for %s",
			     s->p->facts->name, (double)likely / MIB, (double)room / MIB,
			     s->p->directory);
}
