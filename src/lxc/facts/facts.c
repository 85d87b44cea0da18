/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Frees what a container is made of, and answers questions that the facts alone answer. Pure.
 */
#include "config.h"

#include <string.h>

#include "facts/facts.h"
#include "util/mem.h"

void nic_clear(struct nic *n)
{
	free(n->type);
	free(n->name);
	free(n->mac);
	free(n->host_name);
	free(n->host_mac);
	free(n->parent);
	free(n->bridge);
	for (size_t i = 0; i < n->n_host_settings; i++) {
		free(n->host_settings[i].name);
		free(n->host_settings[i].value);
	}
	free(n->host_settings);
}

void cgroup_node_clear(struct cgroup_node *n)
{
	free(n->path);
	free(n->subtree_control);
	for (size_t i = 0; i < n->n_settings; i++) {
		free(n->settings[i].file);
		free(n->settings[i].value);
	}
	free(n->settings);
	for (size_t i = 0; i < n->n_owners; i++)
		free(n->owners[i].file);
	free(n->owners);
	for (size_t i = 0; i < n->n_attributes; i++) {
		free(n->attributes[i].name);
		free(n->attributes[i].value);
	}
	free(n->attributes);
}

void facts_clear_cgroup_tree(struct container_facts *f)
{
	for (size_t i = 0; i < f->n_cgroup_tree; i++)
		cgroup_node_clear(&f->cgroup_tree[i]);
	free(TAKE_PTR(f->cgroup_tree));
	f->n_cgroup_tree = 0;
}

void facts_clear_threads(struct container_facts *f)
{
	for (size_t i = 0; i < f->n_threads; i++)
		free(f->threads[i].cpus);
	free(TAKE_PTR(f->threads));
	f->n_threads = 0;
}

void block_filesystem_clear(struct block_filesystem *f)
{
	free(f->source);
	free(f->type);
	free(f->identity);
	free(f->backing);
	*f = (struct block_filesystem){0};
}

void facts_clear_block_filesystems(struct container_facts *f)
{
	for (size_t i = 0; i < f->n_block_filesystems; i++)
		block_filesystem_clear(&f->block_filesystems[i]);
	free(TAKE_PTR(f->block_filesystems));
	f->n_block_filesystems = 0;
}

void facts_clear_rootfs(struct container_facts *f)
{
	for (size_t i = 0; i < f->n_rootfs_layers; i++) {
		free(f->rootfs_layers[i].path);
		free(f->rootfs_layers[i].mount_point);
		free(f->rootfs_layers[i].filesystem);
		free(f->rootfs_layers[i].identity);
	}
	free(TAKE_PTR(f->rootfs_layers));
	f->n_rootfs_layers = 0;
	free(TAKE_PTR(f->rootfs_kind));
	free(TAKE_PTR(f->rootfs_type));
	free(TAKE_PTR(f->rootfs_identity));
	free(TAKE_PTR(f->rootfs_options));
}

static void obstacles_clear(struct obstacles *o)
{
	free(o->rootfs_differs);
	for (size_t i = 0; i < o->n_mounts; i++) {
		free(o->mounts[i].target);
		free(o->mounts[i].root);
		free(o->mounts[i].type);
		free(o->mounts[i].options);
	}
	free(o->mounts);
	for (size_t i = 0; i < o->n_nics; i++) {
		free(o->nics[i].type);
		free(o->nics[i].name);
	}
	free(o->nics);
	free(o->networks);
}

void container_facts_clear(struct container_facts *f)
{
	obstacles_clear(&f->obstacles);
	free(f->name);
	free(f->lxcpath);
	free(f->rootfs);
	facts_clear_rootfs(f);
	free(f->apparmor_label);
	free(f->apparmor_file);
	free(f->apparmor_policy);
	for (size_t i = 0; i < f->n_shares; i++)
		free(f->shares[i]);
	free(f->shares);
	for (size_t i = 0; i < f->n_nics; i++)
		nic_clear(&f->nics[i]);
	free(f->nics);
	for (size_t i = 0; i < f->n_mounts; i++) {
		free(f->mounts[i].key);
		free(f->mounts[i].target);
		free(f->mounts[i].source);
		free(f->mounts[i].options);
		free(f->mounts[i].kind);
		free(f->mounts[i].mount_point);
		free(f->mounts[i].filesystem);
		free(f->mounts[i].identity);
	}
	free(f->mounts);
	facts_clear_block_filesystems(f);
	for (size_t i = 0; i < f->n_ttys; i++) {
		free(f->ttys[i].key);
		free(f->ttys[i].target);
		free(f->ttys[i].settings);
		free(f->ttys[i].options);
	}
	free(f->ttys);
	for (size_t i = 0; i < f->n_cgroups; i++) {
		free(f->cgroups[i].controllers);
		free(f->cgroups[i].path);
	}
	free(f->cgroups);
	free(f->inner_cgroup);
	facts_clear_cgroup_tree(f);
	for (size_t i = 0; i < f->n_idmaps; i++)
		free(f->idmaps[i].kind);
	free(f->idmaps);
	for (size_t i = 0; i < f->n_nexthops; i++)
		free(f->nexthops[i].message);
	free(f->nexthops);
	for (size_t i = 0; i < f->n_device_programs; i++)
		free(f->device_programs[i].instructions);
	free(f->device_programs);
	facts_clear_threads(f);
	*f = (struct container_facts){0};
}

const struct cgroup *facts_cgroup2(const struct container_facts *facts)
{
	for (size_t i = 0; i < facts->n_cgroups; i++)
		if (facts->cgroups[i].controllers[0] == '\0')
			return &facts->cgroups[i];
	return NULL;
}

/* Returns the rest of path after part, which ends at a slash; NULL if path begins differently. */
static const char *after(const char *path, const char *part)
{
	size_t len = strlen(part);

	if (!path || strncmp(path, part, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

const char *facts_below_cgroup(const struct container_facts *facts, const char *path)
{
	const struct cgroup *own = facts_cgroup2(facts);
	const char *rest = own && strcmp(own->path, "/") != 0 ? after(path, own->path) : NULL;

	if (!rest || !facts->inner_cgroup)
		return rest;
	return *rest ? after(rest + 1, facts->inner_cgroup) : NULL;
}

bool facts_network_comes_off(const struct container_facts *facts)
{
	bool off = !facts->host_network;

	for (size_t i = 0; i < facts->n_nics; i++)
		off = off && facts->nics[i].bridge && !facts->nics[i].special_port;
	return off;
}

char *facts_id_map(const struct container_facts *facts, const char *kind)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < facts->n_idmaps; i++) {
		const struct idmap *m = &facts->idmaps[i];

		if (strcmp(m->kind, kind) == 0)
			str_append(&text, "%u %u %u\n", m->inside, m->outside, m->count);
	}
	return text;
}

long facts_root_id(const struct container_facts *facts, const char *kind)
{
	for (size_t i = 0; i < facts->n_idmaps; i++)
		if (strcmp(facts->idmaps[i].kind, kind) == 0 && facts->idmaps[i].inside == 0)
			return (long)facts->idmaps[i].outside;
	return -1;
}
