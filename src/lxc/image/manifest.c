/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/network.h"
#include "nexthop.h"
#include "util/cpus.h"
#include "util/hex.h"
#include "util/mem.h"
#include "util/mountflags.h"
#include "util/tty.h"

/*
 * Reader and writer walk the same tables, one per struct: what is written is
 * what is read, and a member that the tables do not have is refused.
 */

#define MAX_SIZE (16 * 1024 * 1024)
#define MAX_NAME 255

enum member_type {
	MEMBER_STRING,
	MEMBER_INT,
	MEMBER_UINT,
	MEMBER_U64,
	MEMBER_BOOL,
	MEMBER_OBJECT, /* the members of .table, in the same struct */
	MEMBER_ARRAY,  /* heap array of .size-byte elements, each with the members of .table */
};

struct member {
	const char *name;
	enum member_type type;
	size_t offset;
	bool nullable;			    /* a string that may be null */
	const char *(*check)(const char *); /* of a string: what is wrong with it, or NULL */
	json_int_t min, max;		    /* of a number, both included */
	size_t count_offset, size;
	const struct member *table;
};

/* Where in the document something is, to name it in an error: built only on the stack. */
struct where {
	const struct where *up;
	const char *name; /* NULL: an element of up's array */
	size_t index;
};

static char *where_path(const struct where *w)
{
	_cleanup_free_ char *up = NULL;

	if (!w->up)
		return xstrdup(w->name);
	up = where_path(w->up);
	if (!w->name)
		return xasprintf("%s[%zu]", up, w->index);
	return *up ? xasprintf("%s.%s", up, w->name) : xstrdup(w->name);
}

static int refuse(struct error **reterr, const struct where *w, const char *wrong)
{
	_cleanup_free_ char *path = where_path(w);

	return error_refuse(reterr, EBADMSG, MANIFEST_NAME ": %s%s%s", path, *path ? ": " : "",
			    wrong);
}

/* --- what a string may be --- */

static bool is_word(const char *s, const char *extra)
{
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && !strchr(extra, *s))
			return false;
	return true;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static const char *check_text(const char *s)
{
	if (*s == '\0')
		return "is empty";
	return has_control(s) ? "has a control character" : NULL;
}

/* "memory.events" */
static const char *check_cgroup_file(const char *s)
{
	return *s && *s != '.' && strlen(s) <= MAX_NAME && is_word(s, "._-")
		       ? NULL
		       : "is no file of a cgroup";
}

/* "." for the cgroup itself, "*" for all its files */
static const char *check_owned_file(const char *s)
{
	return strcmp(s, ".") == 0 || strcmp(s, "*") == 0 ? NULL : check_cgroup_file(s);
}

/* "hugetlb.2MB.max": of a cgroup, never the files that move or kill processes */
static const char *check_setting_file(const char *s)
{
	if (check_cgroup_file(s))
		return check_cgroup_file(s);
	return strncmp(s, "cgroup.", 7) == 0 && strncmp(s, "cgroup.max.", 11) != 0
		       ? "is no setting of a cgroup"
		       : NULL;
}

/* What they do is for the kernel's verifier to judge. */
static const char *check_instructions(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len % 16 == 0 && strspn(s, "0123456789abcdef") == len
		       ? NULL
		       : "is no sequence of instructions";
}

static const char *check_hex(const char *s)
{
	size_t len = strlen(s);

	return len % 2 == 0 && strspn(s, "0123456789abcdef") == len ? NULL : "is not hexadecimal";
}

static const char *check_nexthop(const char *s)
{
	size_t len = 0;
	_cleanup_free_ void *bytes = hex_decode(s, &len);

	return bytes && nexthop_request_valid(bytes, len) ? NULL : "makes no nexthop and no route";
}

/* Those that say what the kernel is to do with a file are not for an image to set. */
static const char *check_attribute(const char *s)
{
	if (strlen(s) > MAX_NAME || has_control(s) ||
	    (strncmp(s, "user.", 5) != 0 && strncmp(s, "trusted.", 8) != 0))
		return "is no attribute of the kinds user and trusted";
	return NULL;
}

static const char *check_controller_names(const char *s)
{
	return is_word(s, "_ ") ? NULL : "is not a list of cgroup controllers";
}

static const char *check_mount_options(const char *s)
{
	unsigned long flags;

	return mount_flags_parse(s, &flags) ? NULL : "is no list of mount options";
}

static const char *check_id_kind(const char *s)
{
	return strcmp(s, "u") == 0 || strcmp(s, "g") == 0 ? NULL : "is neither u nor g";
}

static const char *check_cpus(const char *s)
{
	cpu_set_t set;

	return *s && !has_control(s) && cpus_parse(s, &set) ? NULL : "is no list of CPUs";
}

static const char *check_tty_settings(const char *s)
{
	return tty_settings_valid(s) ? NULL : "is no terminal's settings";
}

/* "lxc-c1_<-var-lib-lxc>": a name, not a path */
static const char *check_profile_file(const char *s)
{
	if (*s == '\0' || *s == '.' || strchr(s, '/') || has_control(s))
		return "is no file name";
	return NULL;
}

static const char *check_time(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t i;

	for (i = 0; form[i] && s[i]; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			break;
	return form[i] || s[i] ? "is not a UTC time as 2026-01-31T12:00:00Z" : NULL;
}

static const char *check_container_name(const char *s)
{
	if (*s == '\0' || strlen(s) > MAX_NAME || strchr(s, '/') || has_control(s) ||
	    strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "is not a container's name";
	return NULL;
}

/* Of a path, from s on: how many components are ".." at its beginning, -1 if one is not plain. */
static int count_leading_dotdot(const char *s, size_t *ret_plain)
{
	int dotdot = 0;

	*ret_plain = 0;
	for (;;) {
		size_t len = strcspn(s, "/");

		if (len == 0 || len > MAX_NAME || (len == 1 && *s == '.'))
			return -1;
		if (len == 2 && s[0] == '.' && s[1] == '.') {
			if (*ret_plain > 0)
				return -1;
			dotdot++;
		} else {
			(*ret_plain)++;
		}
		if (s[len] == '\0')
			return dotdot;
		s += len + 1;
	}
}

static const char *check_path(const char *s)
{
	size_t plain;

	if (strcmp(s, "/") == 0)
		return NULL;
	if (*s != '/' || strlen(s) >= PATH_MAX || has_control(s) ||
	    count_leading_dotdot(s + 1, &plain) != 0)
		return "is not an absolute, normalised path";
	return NULL;
}

/* From the container's own cgroup, which is "". */
static const char *check_cgroup_path(const char *s)
{
	size_t plain;

	if (*s && (strlen(s) >= PATH_MAX || has_control(s) || count_leading_dotdot(s, &plain) != 0))
		return "is not a relative, normalised path";
	return NULL;
}

/* "../pre1": the images of one container lie beside each other. */
static const char *check_parent(const char *s)
{
	size_t plain;

	if (*s == '/' || strlen(s) >= PATH_MAX || has_control(s) ||
	    count_leading_dotdot(s, &plain) < 0 || plain == 0)
		return "is not a relative, normalised path";
	return NULL;
}

static const char *check_interface(const char *s)
{
	return network_name_valid(s) ? NULL : "is not an interface's name";
}

static const char *check_mac(const char *s)
{
	return network_mac_valid(s) ? NULL : "is not a MAC address";
}

static const char *check_kind(const char *s)
{
	return *s && strlen(s) < 32 && is_word(s, "_-") ? NULL : "is not a kind of interface";
}

static const char *check_key(const char *s)
{
	return *s && strlen(s) <= MAX_NAME && is_word(s, "_.-") ? NULL : "is not a key";
}

static const char *check_controllers(const char *s)
{
	return is_word(s, "_.,=-") ? NULL : "is not a list of cgroup controllers";
}

static const char *check_file(const char *s)
{
	if (*s == '\0' || *s == '.' || strlen(s) > MAX_NAME || !is_word(s, "._-") ||
	    strcmp(s, MANIFEST_NAME) == 0)
		return "is not a plain file name";
	return NULL;
}

/* --- the members --- */

#define STRING(type_, member_, check_)                                                             \
	{.name = #member_,                                                                         \
	 .type = MEMBER_STRING,                                                                    \
	 .offset = offsetof(type_, member_),                                                       \
	 .check = (check_)}
#define STRING_OR_NULL(type_, member_, check_)                                                     \
	{.name = #member_,                                                                         \
	 .type = MEMBER_STRING,                                                                    \
	 .offset = offsetof(type_, member_),                                                       \
	 .check = (check_),                                                                        \
	 .nullable = true}
#define NUMBER(type_, member_, kind_, min_, max_)                                                  \
	{.name = #member_,                                                                         \
	 .type = (kind_),                                                                          \
	 .offset = offsetof(type_, member_),                                                       \
	 .min = (min_),                                                                            \
	 .max = (max_)}
#define BOOL(type_, member_)                                                                       \
	{.name = #member_, .type = MEMBER_BOOL, .offset = offsetof(type_, member_)}
#define ARRAY(type_, name_, member_, n_member_, table_)                                            \
	{.name = (name_),                                                                          \
	 .type = MEMBER_ARRAY,                                                                     \
	 .offset = offsetof(type_, member_),                                                       \
	 .count_offset = offsetof(type_, n_member_),                                               \
	 .size = sizeof(*((type_ *)0)->member_),                                                   \
	 .table = (table_)}

static const struct member nic_members[] = {
	NUMBER(struct nic, ifindex, MEMBER_UINT, 1, INT_MAX),
	STRING(struct nic, type, check_kind),
	STRING(struct nic, name, check_interface),
	STRING_OR_NULL(struct nic, mac, check_mac),
	NUMBER(struct nic, mtu, MEMBER_UINT, 68, 65535),
	BOOL(struct nic, ipv6_link_local),
	STRING_OR_NULL(struct nic, host_name, check_interface),
	STRING_OR_NULL(struct nic, host_mac, check_mac),
	STRING_OR_NULL(struct nic, bridge, check_interface),
	BOOL(struct nic, host_ipv6_disabled),
	{0},
};

static const struct member mount_members[] = {
	STRING(struct ext_mount, key, check_key),
	STRING(struct ext_mount, target, check_path),
	STRING(struct ext_mount, source, check_path),
	STRING(struct ext_mount, options, check_mount_options),
	{0},
};

static const struct member tty_members[] = {
	NUMBER(struct tty, index, MEMBER_INT, -1, TTY_INDEX_MAX),
	STRING(struct tty, key, check_key),
	STRING(struct tty, target, check_path),
	NUMBER(struct tty, rdev, MEMBER_UINT, 0, UINT_MAX),
	NUMBER(struct tty, dev, MEMBER_UINT, 0, UINT_MAX),
	NUMBER(struct tty, uid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct tty, gid, MEMBER_UINT, 0, UINT_MAX - 1),
	NUMBER(struct tty, mode, MEMBER_UINT, 0, 07777),
	STRING_OR_NULL(struct tty, settings, check_tty_settings),
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
	{0},
};

/* Not init_pid: it means nothing once the container is gone. */
static const struct member facts_members[] = {
	STRING(struct container_facts, name, check_container_name),
	STRING(struct container_facts, lxcpath, check_text), /* as it was given, for information */
	STRING(struct container_facts, rootfs, check_path),
	ARRAY(struct container_facts, "idmaps", idmaps, n_idmaps, idmap_members),
	BOOL(struct container_facts, rootfs_idmapped),
	STRING_OR_NULL(struct container_facts, apparmor_label, check_text),
	STRING_OR_NULL(struct container_facts, apparmor_file, check_profile_file),
	STRING_OR_NULL(struct container_facts, apparmor_policy, NULL),
	BOOL(struct container_facts, host_network),
	ARRAY(struct container_facts, "nics", nics, n_nics, nic_members),
	ARRAY(struct container_facts, "mounts", mounts, n_mounts, mount_members),
	ARRAY(struct container_facts, "ttys", ttys, n_ttys, tty_members),
	ARRAY(struct container_facts, "cgroups", cgroups, n_cgroups, cgroup_members),
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
	{0},
};

static const struct member manifest_members[] = {
	NUMBER(struct manifest, schema, MEMBER_UINT, MANIFEST_SCHEMA, MANIFEST_SCHEMA),
	STRING(struct manifest, created, check_time),
	STRING(struct manifest, tool_version, check_text),
	STRING(struct manifest, lxc_version, check_text),
	STRING(struct manifest, criu_version, check_text),
	STRING(struct manifest, kernel, check_text),
	STRING(struct manifest, arch, check_text),
	STRING_OR_NULL(struct manifest, parent, check_parent),
	{.name = "container",
	 .type = MEMBER_OBJECT,
	 .offset = offsetof(struct manifest, facts),
	 .table = facts_members},
	STRING_OR_NULL(struct manifest, config, NULL),
	ARRAY(struct manifest, "files", files, n_files, file_members),
	{0},
};

/* --- writing --- */

static json_t *write_object(const void *base, const struct member *table);

static json_t *write_array(const void *base, const struct member *m)
{
	const char *element = *(const char *const *)((const char *)base + m->offset);
	size_t n = *(const size_t *)(const void *)((const char *)base + m->count_offset);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++, element += m->size)
		if (json_array_append_new(array, write_object(element, m->table)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *write_member(const void *base, const struct member *m)
{
	const void *p = (const char *)base + m->offset;

	switch (m->type) {
	case MEMBER_STRING: {
		const char *s = *(const char *const *)p;

		return s ? json_string(s) : json_null();
	}
	case MEMBER_INT:
		return json_integer(*(const int *)p);
	case MEMBER_UINT:
		return json_integer(*(const unsigned int *)p);
	case MEMBER_U64:
		return json_integer((json_int_t) * (const uint64_t *)p);
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)p);
	case MEMBER_OBJECT:
		return write_object(p, m->table);
	case MEMBER_ARRAY:
		return write_array(base, m);
	}
	return NULL;
}

/* NULL where a string is not UTF-8, which JSON cannot hold. */
static json_t *write_object(const void *base, const struct member *table)
{
	json_t *object = json_object();

	for (const struct member *m = table; m->name; m++)
		if (json_object_set_new(object, m->name, write_member(base, m)) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

char *manifest_to_json(const struct manifest *m)
{
	_cleanup_free_ char *text = NULL;
	json_t *object = write_object(m, manifest_members);

	if (!object)
		return NULL;
	/* This is the only layout it writes, whatever the struct was read from. */
	json_object_set_new(object, "schema", json_integer(MANIFEST_SCHEMA));
	text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	return text ? xasprintf("%s\n", text) : NULL;
}

/* --- reading --- */

static int read_object(json_t *json, void *base, const struct member *table, const struct where *w,
		       struct error **reterr);

static int read_string(json_t *json, char **ret, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	const char *s, *wrong;

	if (m->nullable && json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return refuse(reterr, w, m->nullable ? "is no string or null" : "is no string");
	s = json_string_value(json);
	wrong = m->check ? m->check(s) : NULL;
	if (wrong)
		return refuse(reterr, w, wrong);
	*ret = xstrdup(s);
	return 0;
}

static int read_number(json_t *json, void *p, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	json_int_t n = json_integer_value(json);

	if (!json_is_integer(json))
		return refuse(reterr, w, "is no integer");
	if (n < m->min || n > m->max)
		return refuse(reterr, w, "is out of range");
	if (m->type == MEMBER_INT)
		*(int *)p = (int)n;
	else if (m->type == MEMBER_UINT)
		*(unsigned int *)p = (unsigned int)n;
	else
		*(uint64_t *)p = (uint64_t)n;
	return 0;
}

static int read_array(json_t *json, void *base, const struct member *m, const struct where *w,
		      struct error **reterr)
{
	size_t *count = (size_t *)(void *)((char *)base + m->count_offset);
	size_t n = json_array_size(json);
	char *elements;
	int r;

	if (!json_is_array(json))
		return refuse(reterr, w, "is no array");
	if (n == 0)
		return 0;
	elements = xcalloc(n, m->size);
	/* Before the elements are filled, so that manifest_clear() finds the half-read ones. */
	*(char **)(void *)((char *)base + m->offset) = elements;
	*count = n;
	for (size_t i = 0; i < n; i++) {
		const struct where here = {.up = w, .index = i};

		r = read_object(json_array_get(json, i), elements + i * m->size, m->table, &here,
				reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_member(json_t *json, void *base, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	void *p = (char *)base + m->offset;

	switch (m->type) {
	case MEMBER_STRING:
		return read_string(json, p, m, w, reterr);
	case MEMBER_INT:
	case MEMBER_UINT:
	case MEMBER_U64:
		return read_number(json, p, m, w, reterr);
	case MEMBER_BOOL:
		if (!json_is_boolean(json))
			return refuse(reterr, w, "is neither true nor false");
		*(bool *)p = json_is_true(json);
		return 0;
	case MEMBER_OBJECT:
		return read_object(json, p, m->table, w, reterr);
	case MEMBER_ARRAY:
		return read_array(json, base, m, w, reterr);
	}
	return -EINVAL;
}

static const struct member *find_member(const struct member *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static int read_object(json_t *json, void *base, const struct member *table, const struct where *w,
		       struct error **reterr)
{
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(json))
		return refuse(reterr, w, "is no object");
	json_object_foreach(json, name, value)
	{
		const struct where here = {.up = w, .name = name};

		if (!find_member(table, name))
			return refuse(reterr, &here, "is not a member this version knows");
	}
	for (const struct member *m = table; m->name; m++) {
		const struct where here = {.up = w, .name = m->name};

		value = json_object_get(json, m->name);
		if (!value)
			return refuse(reterr, &here, "is missing");
		r = read_member(value, base, m, &here, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- what no single member shows --- */

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts; returns one that is there twice, or NULL. */
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
				    MANIFEST_NAME ": container.mounts, container.ttys: "
						  "key \"%s\" is there twice",
				    twice);
	return 0;
}

static int check_nics(const struct container_facts *f, struct error **reterr)
{
	_cleanup_free_ const char **v = xcalloc(f->n_nics + 1, sizeof(*v));
	const char *twice;

	for (size_t i = 0; i < f->n_nics; i++) {
		const struct nic *n = &f->nics[i];

		v[i] = n->name;
		if (strcmp(n->type, "veth") == 0)
			continue;
		if (n->host_name || n->host_mac || n->bridge || n->host_ipv6_disabled)
			return error_refuse(reterr, EBADMSG,
					    MANIFEST_NAME ": container.nics[%zu].type: \"%s\" has "
							  "no end on the host",
					    i, n->type);
	}
	twice = find_twice(v, f->n_nics);
	if (twice)
		return error_refuse(reterr, EBADMSG,
				    MANIFEST_NAME ": container.nics: name \"%s\" is there twice",
				    twice);
	return 0;
}

static int check_files(const struct manifest *m, struct error **reterr)
{
	for (size_t i = 1; i < m->n_files; i++)
		if (strcmp(m->files[i - 1].name, m->files[i].name) >= 0)
			return error_refuse(reterr, EBADMSG,
					    MANIFEST_NAME ": files[%zu].name: is not in order, or "
							  "there twice",
					    i);
	return 0;
}

static int check_whole(const struct manifest *m, struct error **reterr)
{
	int r = check_keys(&m->facts, reterr);

	if (r == 0)
		r = check_nics(&m->facts, reterr);
	if (r == 0)
		r = check_files(m, reterr);
	return r;
}

/*
 * A later version may have other members, and other ideas of what is valid:
 * of such a file its number is all this one can speak of.
 */
static int check_schema(json_t *json, struct error **reterr)
{
	json_t *schema = json_object_get(json, "schema");

	if (!json_is_integer(schema) || json_integer_value(schema) <= MANIFEST_SCHEMA)
		return 0;
	return error_refuse(reterr, EPROTONOSUPPORT,
			    MANIFEST_NAME ": schema: %" JSON_INTEGER_FORMAT
					  " was written by a later version; this one reads %d",
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
	if (r < 0)
		json_decref(*ret);
	return r;
}

int manifest_from_json(const char *text, size_t len, struct manifest *ret, struct error **reterr)
{
	static const struct where top = {.name = ""};
	_cleanup_manifest_ struct manifest m = {0};
	json_t *json;
	int r;

	if (len > MAX_SIZE)
		return error_refuse(reterr, EFBIG, MANIFEST_NAME ": larger than %d bytes",
				    MAX_SIZE);
	r = parse(text, len, &json, reterr);
	if (r < 0)
		return r;
	r = read_object(json, &m, manifest_members, &top, reterr);
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

	/* the one text that may be left out, see image_seal() */
	without_config.config = NULL;
	text = manifest_to_json(&without_config);
	if (!text)
		return error_refuse(reterr, EILSEQ, "a name or path of the container is not UTF-8");
	r = manifest_from_json(text, strlen(text), &again, reterr);
	if (r < 0) {
		error_wrap(reterr, -r, "the container has something that a checkpoint cannot name");
		error_set_hint(reterr,
			       "a mount point or file with control characters in its name, or "
			       "the like: rename it");
	}
	free(text);
	manifest_clear(&again);
	return r;
}

void manifest_clear(struct manifest *m)
{
	free(m->created);
	free(m->tool_version);
	free(m->lxc_version);
	free(m->criu_version);
	free(m->kernel);
	free(m->arch);
	free(m->parent);
	container_facts_clear(&m->facts);
	free(m->config);
	for (size_t i = 0; i < m->n_files; i++)
		free(m->files[i].name);
	free(m->files);
	*m = (struct manifest){0};
}
