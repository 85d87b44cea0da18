/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and writes manifest.json: its members, its checksum, and the rules that no single member
 * shows. Pure but for the checksum; runs in the command and in the monitor.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "image/manifest.h"
#include "image/strings.h"
#include "json/members.h"
#include "sys/link_settings.h"
#include "util/checksum.h"
#include "util/mem.h"

#define MAX_SIZE (16 * 1024 * 1024)

/* --- the members --- */

static const struct member nic_setting_members[] = {
	STRING(struct nic_setting, name, check_text),
	STRING(struct nic_setting, value, NULL),
	{0},
};

static const struct member nic_members[] = {
	NUMBER(struct nic, ifindex, MEMBER_UINT, 1, INT_MAX),
	STRING(struct nic, type, check_kind),
	STRING(struct nic, name, check_interface),
	STRING_OR_NULL(struct nic, mac, check_mac),
	NUMBER(struct nic, mtu, MEMBER_UINT, 68, 65535),
	BOOL(struct nic, ipv6_link_local),
	STRING_OR_NULL(struct nic, parent, check_interface, .since = 3),
	STRING_OR_NULL(struct nic, host_name, check_interface),
	STRING_OR_NULL(struct nic, host_mac, check_mac),
	STRING_OR_NULL(struct nic, bridge, check_interface),
	BOOL(struct nic, host_ipv6_disabled),
	ARRAY(struct nic, "host_settings", host_settings, n_host_settings, nic_setting_members,
	      .since = 3),
	{0},
};

static const struct member mount_members[] = {
	STRING(struct ext_mount, key, check_key),
	STRING(struct ext_mount, target, check_target),
	STRING(struct ext_mount, source, check_path),
	STRING(struct ext_mount, options, check_mount_options),
	STRING_OR_NULL(struct ext_mount, kind, check_source_kind, .since = 2),
	STRING_OR_NULL(struct ext_mount, mount_point, check_path, .since = 3),
	STRING_OR_NULL(struct ext_mount, filesystem, check_text, .since = 3),
	STRING_OR_NULL(struct ext_mount, identity, check_text, .since = 3),
	NUMBER(struct ext_mount, inode, MEMBER_U64, 0, INT64_MAX, .since = 3),
	{0},
};

static const struct member rootfs_layer_members[] = {
	STRING(struct rootfs_layer, path, check_path),
	STRING_OR_NULL(struct rootfs_layer, mount_point, check_path),
	STRING_OR_NULL(struct rootfs_layer, filesystem, check_text),
	STRING_OR_NULL(struct rootfs_layer, identity, check_text),
	NUMBER(struct rootfs_layer, inode, MEMBER_U64, 0, INT64_MAX),
	{0},
};

static const struct member block_filesystem_members[] = {
	STRING(struct block_filesystem, source, check_path),
	STRING(struct block_filesystem, type, check_text),
	STRING_OR_NULL(struct block_filesystem, identity, check_text),
	STRING_OR_NULL(struct block_filesystem, backing, check_text),
	{0},
};

static const struct member tty_members[] = {
	NUMBER(struct tty, index, MEMBER_INT, -1, TTY_INDEX_MAX),
	STRING(struct tty, key, check_key),
	STRING(struct tty, target, check_target),
	NUMBER(struct tty, rdev, MEMBER_UINT, 0, UINT_MAX),
	NUMBER(struct tty, dev, MEMBER_UINT, 0, UINT_MAX),
	NUMBER(struct tty, uid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct tty, gid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct tty, mode, MEMBER_UINT, 0, 07777),
	STRING_OR_NULL(struct tty, settings, check_tty_settings),
	STRING_OR_NULL(struct tty, options, check_mount_options, .since = 2),
	{0},
};

static const struct member cgroup_members[] = {
	STRING(struct cgroup, controllers, check_controllers),
	STRING(struct cgroup, path, check_path),
	{0},
};

static const struct member cgroup_setting_members[] = {
	STRING(struct cgroup_setting, file, check_setting_file),
	STRING(struct cgroup_setting, value, NULL),
	{0},
};

static const struct member cgroup_owner_members[] = {
	STRING(struct cgroup_owner, file, check_owned_file),
	NUMBER(struct cgroup_owner, uid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct cgroup_owner, gid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct cgroup_owner, mode, MEMBER_UINT, 0, 0777),
	{0},
};

static const struct member cgroup_attribute_members[] = {
	STRING(struct cgroup_attribute, name, check_attribute),
	STRING(struct cgroup_attribute, value, check_hex),
	{0},
};

static const struct member cgroup_node_members[] = {
	STRING(struct cgroup_node, path, check_cgroup_path),
	STRING(struct cgroup_node, subtree_control, check_controller_names),
	ARRAY(struct cgroup_node, "settings", settings, n_settings, cgroup_setting_members),
	ARRAY(struct cgroup_node, "owners", owners, n_owners, cgroup_owner_members),
	ARRAY(struct cgroup_node, "attributes", attributes, n_attributes, cgroup_attribute_members),
	{0},
};

static const struct member idmap_members[] = {
	STRING(struct idmap, kind, check_id_kind),
	NUMBER(struct idmap, inside, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct idmap, outside, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct idmap, count, MEMBER_UINT, 1, UINT_MAX),
	{0},
};

static const struct member nexthop_members[] = {
	STRING(struct nexthop, message, check_nexthop),
	{0},
};

static const struct member device_program_members[] = {
	STRING(struct device_program, instructions, check_instructions),
	{0},
};

static const struct member thread_members[] = {
	NUMBER(struct thread_facts, tid, MEMBER_INT, 1, INT_MAX),
	STRING_OR_NULL(struct thread_facts, cpus, check_cpus),
	NUMBER(struct thread_facts, io_priority, MEMBER_UINT, 0, 65535),
	NUMBER(struct thread_facts, timer_slack, MEMBER_U64, 0, INT64_MAX),
	NUMBER(struct thread_facts, coredump_filter, MEMBER_INT, -1, 0xffff),
	NUMBER(struct thread_facts, core_group, MEMBER_INT, 0, INT_MAX, .since = 2),
	{0},
};

/* Not init_pid: it means nothing once the container is gone. */
static const struct member facts_members[] = {
	STRING(struct container_facts, name, check_container_name),
	STRING(struct container_facts, lxcpath, check_text), /* as given, for information */
	STRING(struct container_facts, rootfs, check_path),
	NUMBER(struct container_facts, rootfs_inode, MEMBER_U64, 0, INT64_MAX, .since = 2),
	STRING_OR_NULL(struct container_facts, rootfs_kind, check_rootfs_kind, .since = 3),
	ARRAY(struct container_facts, "rootfs_layers", rootfs_layers, n_rootfs_layers,
	      rootfs_layer_members, .since = 3),
	STRING_OR_NULL(struct container_facts, rootfs_type, check_text, .since = 3),
	STRING_OR_NULL(struct container_facts, rootfs_identity, check_text, .since = 3),
	STRING_OR_NULL(struct container_facts, rootfs_options, check_mount_options, .since = 3),
	ARRAY(struct container_facts, "idmaps", idmaps, n_idmaps, idmap_members),
	BOOL(struct container_facts, rootfs_idmapped),
	STRING_OR_NULL(struct container_facts, apparmor_label, check_text),
	STRING_OR_NULL(struct container_facts, apparmor_file, check_profile_file),
	STRING_OR_NULL(struct container_facts, apparmor_policy, NULL),
	BOOL(struct container_facts, host_network),
	ARRAY(struct container_facts, "nics", nics, n_nics, nic_members),
	ARRAY(struct container_facts, "mounts", mounts, n_mounts, mount_members),
	ARRAY(struct container_facts, "block_filesystems", block_filesystems, n_block_filesystems,
	      block_filesystem_members, .since = 3),
	ARRAY(struct container_facts, "ttys", ttys, n_ttys, tty_members),
	ARRAY(struct container_facts, "cgroups", cgroups, n_cgroups, cgroup_members),
	STRING_OR_NULL(struct container_facts, inner_cgroup, check_container_name, .since = 2),
	ARRAY(struct container_facts, "cgroup_tree", cgroup_tree, n_cgroup_tree,
	      cgroup_node_members),
	ARRAY(struct container_facts, "nexthops", nexthops, n_nexthops, nexthop_members),
	ARRAY(struct container_facts, "device_programs", device_programs, n_device_programs,
	      device_program_members),
	ARRAY(struct container_facts, "threads", threads, n_threads, thread_members),
	{0},
};

static const struct member file_members[] = {
	STRING(struct image_file, name, check_file),
	NUMBER(struct image_file, size, MEMBER_U64, 0, INT64_MAX),
	STRING(struct image_file, xxh3_128, check_sum, .since = 2),
	{0},
};

static const struct member item_members[] = {
	STRING(struct config_item, key, check_text),
	STRING(struct config_item, value, NULL),
	{0},
};

static const struct member manifest_members[] = {
	NUMBER(struct manifest, schema, MEMBER_UINT, 1, MANIFEST_SCHEMA),
	STRING(struct manifest, created, check_time),
	BOOL(struct manifest, stopped, .since = 3),
	STRING(struct manifest, tool_version, check_text),
	STRING(struct manifest, lxc_version, check_text),
	STRING(struct manifest, criu_version, check_text),
	STRING(struct manifest, kernel, check_text),
	STRING(struct manifest, arch, check_text),
	NUMBER(struct manifest, page_size, MEMBER_UINT, 0, INT_MAX, .since = 2),
	STRING_OR_NULL(struct manifest, cpu_model, check_text, .since = 2),
	STRING_OR_NULL(struct manifest, cpu_features, NULL, .since = 2),
	ARRAY(struct manifest, "config_items", items, n_items, item_members, .since = 2),
	STRING_OR_NULL(struct manifest, parent, check_parent),
	{.name = "container",
	 .type = MEMBER_OBJECT,
	 .offset = offsetof(struct manifest, facts),
	 .table = facts_members},
	STRING_OR_NULL(struct manifest, config, NULL),
	ARRAY(struct manifest, "files", files, n_files, file_members),
	{0},
};

/* --- the checksum of the text itself --- */

static const char sum_begins[] = "  \"checksum\": \"", sum_ends[] = "\"\n}\n";

#define SUM_LINE_LEN (sizeof(sum_begins) - 1 + CHECKSUM_LEN + sizeof(sum_ends) - 1)

/* Returns the last line and the end of the text, for the text before them. Caller frees. */
static char *sum_line(const char *text, size_t len)
{
	_cleanup_free_ char *sum = checksum_of(text, len);

	return xasprintf("%s%s%s", sum_begins, sum, sum_ends);
}

/* No byte can differ, not even white space. */
static int check_sum_line(const char *text, size_t len, struct error **reterr)
{
	size_t before = len < SUM_LINE_LEN ? 0 : len - SUM_LINE_LEN;
	_cleanup_free_ char *line = sum_line(text, before);

	if (len >= SUM_LINE_LEN && memcmp(text + before, line, SUM_LINE_LEN) == 0)
		return 0;
	return error_refuse(reterr, EBADMSG,
			    MANIFEST_NAME ": checksum: mismatch, the file was changed");
}

char *manifest_to_json(const struct manifest *m)
{
	_cleanup_free_ char *text = NULL, *begins = NULL, *line = NULL;
	json_t *object = members_write(m, manifest_members);

	if (!object)
		return NULL;
	/* We write only this layout, whatever version the struct was read from. */
	json_object_set_new(object, "schema", json_integer(MANIFEST_SCHEMA));
	text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	if (!text)
		return NULL;
	/* replaces the "\n}" */
	begins = xasprintf("%.*s,\n", (int)strlen(text) - 2, text);
	line = sum_line(begins, strlen(begins));
	return xasprintf("%s%s", begins, line);
}

/* --- what no single member shows --- */

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts; returns a duplicate, or NULL. */
static const char *find_twice(const char **v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_strings);
	for (size_t i = 1; i < n; i++)
		if (strcmp(v[i - 1], v[i]) == 0)
			return v[i];
	return NULL;
}

static int check_keys(const struct container_facts *f, struct error **reterr)
{
	_cleanup_free_ const char **v = xcalloc(f->n_mounts + f->n_ttys + 1, sizeof(*v));
	const char *twice;
	size_t n = 0;

	for (size_t i = 0; i < f->n_mounts; i++)
		v[n++] = f->mounts[i].key;
	for (size_t i = 0; i < f->n_ttys; i++)
		v[n++] = f->ttys[i].key;
	twice = find_twice(v, n);
	if (twice)
		return error_refuse(reterr, EBADMSG,
				    MANIFEST_NAME
				    ": container.mounts, container.ttys: duplicate key \"%s\"",
				    twice);
	return 0;
}

/* They become lines of the network file, and the callback obeys them. */
static int check_host_settings(const struct nic *nic, size_t i, struct error **reterr)
{
	for (size_t k = 0; k < nic->n_host_settings; k++) {
		const struct nic_setting *s = &nic->host_settings[k];

		if (link_setting_valid(s->name, s->value) &&
		    (nic->bridge || !link_setting_is_of_port(s->name)))
			continue;
		return error_refuse(reterr, EBADMSG,
				    MANIFEST_NAME
				    ": container.nics[%zu].host_settings[%zu]: bad setting",
				    i, k);
	}
	return 0;
}

static int check_nics(const struct container_facts *f, struct error **reterr)
{
	_cleanup_free_ const char **v = xcalloc(f->n_nics + 1, sizeof(*v));
	const char *twice;

	for (size_t i = 0; i < f->n_nics; i++) {
		const struct nic *n = &f->nics[i];

		v[i] = n->name;
		if (check_host_settings(n, i, reterr) < 0)
			return -EBADMSG;
		if (n->parent && strcmp(n->type, "macvlan") != 0)
			return error_refuse(reterr, EBADMSG,
					    MANIFEST_NAME
					    ": container.nics[%zu].parent: \"%s\" has none",
					    i, n->type);
		if (strcmp(n->type, "veth") == 0)
			continue;
		if (n->host_name || n->host_mac || n->bridge || n->host_ipv6_disabled ||
		    n->n_host_settings > 0)
			return error_refuse(reterr, EBADMSG,
					    MANIFEST_NAME ": container.nics[%zu].type: \"%s\" has "
							  "no end on the host",
					    i, n->type);
	}
	/* they would be made in the host's namespace */
	if (f->host_network && (f->n_nics > 0 || f->n_nexthops > 0))
		return error_refuse(
			reterr, EBADMSG,
			MANIFEST_NAME
			": container.host_network: is true, but there are interfaces or nexthops");
	twice = find_twice(v, f->n_nics);
	if (twice)
		return error_refuse(reterr, EBADMSG,
				    MANIFEST_NAME ": container.nics: duplicate name \"%s\"", twice);
	return 0;
}

/* Without the type a file or device cannot be mounted. */
static int check_rootfs(const struct container_facts *f, struct error **reterr)
{
	if (!f->rootfs_kind || strcmp(f->rootfs_kind, "overlay") == 0 || f->rootfs_type)
		return 0;
	return error_refuse(reterr, EBADMSG, MANIFEST_NAME ": container.rootfs_type: is missing");
}

static int check_files(const struct manifest *m, struct error **reterr)
{
	for (size_t i = 1; i < m->n_files; i++)
		if (strcmp(m->files[i - 1].name, m->files[i].name) >= 0)
			return error_refuse(reterr, EBADMSG,
					    MANIFEST_NAME
					    ": files[%zu].name: is out of order or a duplicate",
					    i);
	return 0;
}

static int check_whole(const struct manifest *m, struct error **reterr)
{
	int r = check_keys(&m->facts, reterr);

	if (r == 0)
		r = check_nics(&m->facts, reterr);
	if (r == 0)
		r = check_rootfs(&m->facts, reterr);
	if (r == 0)
		r = check_files(m, reterr);
	return r;
}

/* The schema that it states; errors show when the members are read. */
static unsigned int schema_of(json_t *json)
{
	json_int_t n = json_integer_value(json_object_get(json, "schema"));

	return n > 0 && n < MANIFEST_SCHEMA ? (unsigned int)n : MANIFEST_SCHEMA;
}

/*
 * A later version may have other members, and other rules: for such a file this version can only
 * report the number.
 */
static int check_schema(json_t *json, struct error **reterr)
{
	json_t *schema = json_object_get(json, "schema");

	if (!json_is_integer(schema) || json_integer_value(schema) <= MANIFEST_SCHEMA)
		return 0;
	return error_refuse(reterr, EPROTONOSUPPORT,
			    MANIFEST_NAME
			    ": schema: %" JSON_INTEGER_FORMAT
			    " was written by a later version; this one reads up to %d",
			    json_integer_value(schema), MANIFEST_SCHEMA);
}

static int parse(const char *text, size_t len, json_t **ret, struct error **reterr)
{
	json_error_t wrong, ignored;
	int r = 0;

	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &wrong);
	if (!*ret) {
		json_t *loose = json_loadb(text, len, 0, &ignored);

		r = check_schema(loose, reterr);
		json_decref(loose);
		return r < 0 ? r
			     : error_refuse(reterr, EBADMSG, MANIFEST_NAME ": line %d: %s",
					    wrong.line, wrong.text);
	}
	r = check_schema(*ret, reterr);
	if (r == 0 && schema_of(*ret) > 1) {
		r = check_sum_line(text, len, reterr);
		json_object_del(*ret, "checksum");
	}
	if (r < 0)
		json_decref(*ret);
	return r;
}

int manifest_from_json(const char *text, size_t len, struct manifest *ret, struct error **reterr)
{
	struct members_document document = {.name = MANIFEST_NAME};
	_cleanup_manifest_ struct manifest m = {0};
	json_t *json;
	int r;

	if (len > MAX_SIZE)
		return error_refuse(reterr, EFBIG, MANIFEST_NAME ": larger than %d bytes",
				    MAX_SIZE);
	r = parse(text, len, &json, reterr);
	if (r < 0)
		return r;
	document.schema = schema_of(json);
	r = members_read(json, &m, manifest_members, &document, reterr);
	json_decref(json);
	if (r == 0)
		r = check_whole(&m, reterr);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct manifest){0};
	return 0;
}

int manifest_check(const struct manifest *m, struct error **reterr)
{
	struct manifest without_config = *m;
	struct manifest again = {0};
	char *text;
	int r;

	/* the only text that may be omitted, see image_seal() */
	without_config.config = NULL;
	text = manifest_to_json(&without_config);
	if (!text)
		return error_refuse(reterr, EILSEQ, "a name or path of the container is not UTF-8");
	r = manifest_from_json(text, strlen(text), &again, reterr);
	if (r < 0) {
		error_wrap(reterr, -r, "a checkpoint cannot represent a name in the container");
		error_set_hint(reterr, "rename the mount point or file that has control characters "
				       "or the like in its name");
	}
	free(text);
	manifest_clear(&again);
	return r;
}

void manifest_forget_files(struct manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++) {
		free(m->files[i].name);
		free(m->files[i].xxh3_128);
	}
	free(TAKE_PTR(m->files));
	m->n_files = 0;
}

void manifest_clear(struct manifest *m)
{
	/* first: they have more than the manifest's tables know */
	container_facts_clear(&m->facts);
	members_free(m, manifest_members);
	*m = (struct manifest){0};
}
