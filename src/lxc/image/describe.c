/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Describes a checkpoint as JSON, for --info. Runs in the command, as root, on the host; it only
 * reads.
 */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "carry/file_times.h"
#include "criu/image_files.h"
#include "criu/image_names.h"
#include "image/describe.h"
#include "image/history.h"
#include "util/mem.h"
#include "util/text.h"

/* The longest chain of checkpoints to follow, each of which builds on the next. */
#define PARENTS_MAX 64

/* Replaces bytes that JSON cannot hold by question marks: a path need not be UTF-8. */
static json_t *text_or_null(const char *text)
{
	_cleanup_free_ char *copy = NULL;
	json_t *json;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	copy = xstrdup(text);
	make_lines_printable(copy);
	return json_string(copy);
}

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void set_text(json_t *object, const char *name, const char *text)
{
	set(object, name, text_or_null(text));
}

static void set_number(json_t *object, const char *name, uint64_t n)
{
	set(object, name, json_integer((json_int_t)n));
}

/* CRIU writes one file for each memory map, one for each thread, and the files with pages. */
static void describe_files(json_t *out, const struct manifest *m)
{
	uint64_t bytes = 0, memory = 0;
	size_t processes = 0, threads = 0;

	for (size_t i = 0; i < m->n_files; i++) {
		const struct image_file *f = &m->files[i];

		bytes += f->size;
		if (criu_image_kind(f->name) == CRIU_IMAGE_PAGES)
			memory += f->size;
		processes += criu_image_kind(f->name) == CRIU_IMAGE_MM;
		threads += criu_image_kind(f->name) == CRIU_IMAGE_CORE;
		if (strcmp(f->name, SCROLLBACK_NAME) == 0)
			set_number(out, "console_bytes", f->size);
	}
	set_number(out, "files", m->n_files);
	set_number(out, "bytes", bytes);
	set_number(out, "memory_bytes", memory);
	set_number(out, "processes", processes);
	set_number(out, "threads", threads);
}

static json_t *describe_idmaps(const struct container_facts *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_idmaps; i++) {
		const struct idmap *map = &f->idmaps[i];
		json_t *o = json_object();

		set_text(o, "kind", map->kind);
		set_number(o, "inside", map->inside);
		set_number(o, "outside", map->outside);
		set_number(o, "count", map->count);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *describe_nics(const struct container_facts *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_nics; i++) {
		const struct nic *n = &f->nics[i];
		json_t *o = json_object();

		set_text(o, "name", n->name);
		set_text(o, "type", n->type);
		set_text(o, "mac", n->mac);
		set_number(o, "mtu", n->mtu);
		set_text(o, "host_name", n->host_name);
		set_text(o, "bridge", n->bridge);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *describe_mounts(const struct container_facts *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_mounts; i++) {
		json_t *o = json_object();

		set_text(o, "target", f->mounts[i].target);
		set_text(o, "source", f->mounts[i].source);
		set_text(o, "options", f->mounts[i].options);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *describe_ttys(const struct container_facts *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_ttys; i++)
		json_array_append_new(array, json_string(f->ttys[i].target));
	return array;
}

/* The nearest first. A checkpoint that cannot be read ends the chain, with created null. */
static json_t *describe_parents(const struct image *img, const struct manifest *m)
{
	_cleanup_free_ char *from = xstrdup(img->path);
	_cleanup_free_ char *parent = m->parent ? xstrdup(m->parent) : NULL;
	json_t *array = json_array();

	for (int i = 0; parent && i < PARENTS_MAX; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", from, parent);
		_cleanup_manifest_ struct manifest up = {0};
		_cleanup_image_ struct image *up_img = NULL;
		bool there = image_peek(path, &up_img, &up, NULL) == 0;
		json_t *o = json_object();

		set_text(o, "directory", there ? up_img->path : path);
		set_text(o, "created", there ? up.created : NULL);
		json_array_append_new(array, o);
		free(parent);
		parent = there && up.parent ? xstrdup(up.parent) : NULL;
		free(from);
		from = there ? xstrdup(up_img->path) : NULL;
	}
	return array;
}

/* NULL: its time is unknown. */
static json_t *describe_open_file(const struct criu_file *file, const struct file_times *times)
{
	const struct file_time *t = file_times_find(times, file->id);
	_cleanup_free_ char *path = xstrdup(file->path);
	_cleanup_free_ char *when = t ? file_time_text(t->mtime.tv_sec) : NULL;
	json_t *o = t ? json_object() : NULL;

	if (!t)
		return NULL;
	make_printable(path);
	set_text(o, "path", path);
	set_number(o, "size", t->size);
	set_text(o, "modified", when);
	return o;
}

/* The files that a restore expects unchanged. */
static json_t *describe_open_files(const struct image *img, const struct manifest *m)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	_cleanup_file_times_ struct file_times times = {0};
	_cleanup_free_ char *text = NULL;
	json_t *array = json_array();
	size_t len;

	if (image_read(img, m, FILE_TIMES_NAME, FILE_TIMES_MAX, &text, &len, NULL) < 0 || !text ||
	    file_times_parse(text, len, &times) < 0)
		return array;
	criu_files_read(img->dirfd, &files);
	for (size_t i = 0; i < files.n; i++) {
		json_t *o = describe_open_file(&files.v[i], &times);

		if (o)
			json_array_append_new(array, o);
	}
	return array;
}

static void describe_history(json_t *out, const struct image *img, const struct manifest *m)
{
	_cleanup_strv_ struct strv restored = {0};
	json_t *array = json_array();

	history_read(img->dirfd, img->path, &restored);
	for (size_t i = 0; i < restored.n; i++)
		json_array_append_new(array, json_string(restored.v[i]));
	set(out, "stopped", m->schema < 3 ? json_null() : json_boolean(m->stopped));
	set(out, "restored", array);
	set(out, "open_files", describe_open_files(img, m));
}

static void describe_container(json_t *out, const struct container_facts *f)
{
	const struct cgroup *cg = facts_cgroup2(f);

	set_text(out, "rootfs", f->rootfs);
	set_text(out, "lxcpath", f->lxcpath);
	set_text(out, "cgroup", cg ? cg->path : NULL);
	set_text(out, "apparmor", f->apparmor_label);
	set(out, "idmaps", describe_idmaps(f));
	set(out, "host_network", json_boolean(f->host_network));
	set(out, "interfaces", describe_nics(f));
	set(out, "mounts", describe_mounts(f));
	set(out, "terminals", describe_ttys(f));
}

static void add_damage(const char *file, const struct error *e, void *userdata)
{
	json_t *o = json_object();

	set_text(o, "file", file);
	set_text(o, "reason", e->message);
	json_array_append_new(userdata, o);
}

char *image_describe(const struct image *img, const struct manifest *m)
{
	json_t *out = json_object(), *damaged = json_array();
	const struct image_verify v = {.damaged = add_damage, .userdata = damaged};
	char *text;

	set_text(out, "container", m->facts.name);
	set_text(out, "directory", img->path);
	set_text(out, "created", m->created);
	set(out, "complete", json_boolean(image_verify(img, m, &v, NULL) == 0));
	set(out, "damaged", damaged);
	set(out, "checksums", json_boolean(m->schema > 1));
	set_number(out, "schema", m->schema);
	set_text(out, "tool_version", m->tool_version);
	set_text(out, "lxc_version", m->lxc_version);
	set_text(out, "criu_version", m->criu_version);
	set_text(out, "kernel", m->kernel);
	set_text(out, "arch", m->arch);
	set(out, "console_bytes", json_null());
	describe_files(out, m);
	describe_container(out, &m->facts);
	describe_history(out, img, m);
	set(out, "parents", describe_parents(img, m));
	text = json_dumps(out, JSON_INDENT(2));
	json_decref(out);
	return text;
}
