/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "facts/config_item.h"
#include "restorer/plan.h"
#include "util/mem.h"

/* jansson takes ownership with "o", and leaves a member out with "s*" where it is NULL */
static json_t *config_to_json(const struct restore_plan *p)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->n_config; i++)
		json_array_append_new(a, json_pack("[s, s]", p->config[i].key, p->config[i].value));
	return a;
}

char *restore_plan_to_json(const struct restore_plan *p)
{
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[iii], s:s*, s:s*, "
		"s:s*, s:i, "
		"s:b, s:b, s:b, s:b, s:b, s:s*, s:o}",
		"name", p->name, "lxcpath", p->lxcpath, "config_file", p->config_file, "image_dir",
		p->image_dir, "rootfs", p->rootfs, "rootfs_mount", p->rootfs_mount, "base_cgroup",
		p->base_cgroup, "monitor_cgroup", p->monitor_cgroup, "payload_cgroup",
		p->payload_cgroup, "pivot_cgroup", p->pivot_cgroup, "criu", p->criu, "criu_version",
		(int)p->criu_version.major, (int)p->criu_version.minor, (int)p->criu_version.patch,
		"action_script", p->action_script, "log_file", p->log_file, "log_level",
		p->log_level, "verbosity", (int)p->verbosity, "foreground", (int)p->foreground,
		"ignore_cpu", (int)p->ignore_cpu, "ignore_files", (int)p->ignore_files, "hooks",
		(int)p->hooks, "verify_pages", (int)p->verify_pages, "force", p->force, "config",
		config_to_json(p));
	char *text;

	if (!o)
		return NULL; /* a name that is not UTF-8 */
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static void config_from_json(json_t *a, struct restore_plan *ret)
{
	json_t *item;
	size_t i;

	json_array_foreach(a, i, item)
	{
		const char *key = json_string_value(json_array_get(item, 0));
		const char *value = json_string_value(json_array_get(item, 1));
		struct config_item *c;

		if (!key || !value)
			continue;
		c = ARRAY_ADD(ret->config, ret->n_config);
		c->key = xstrdup(key);
		c->value = xstrdup(value);
	}
}

static char *dup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

int restore_plan_from_json(const char *text, size_t len, struct restore_plan *ret,
			   struct error **reterr)
{
	const char *name, *lxcpath, *config_file, *image_dir, *rootfs, *rootfs_mount, *monitor,
		*payload, *pivot, *base;
	const char *criu, *script = NULL, *log_file = NULL, *log_level = NULL, *force = NULL;
	int major, minor, patch, verbosity, foreground, ignore_cpu, ignore_files, hooks;
	int verify_pages;
	json_error_t e;
	json_t *config, *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);

	if (!o)
		return error_set(reterr, EINVAL, "the plan cannot be read: %s", e.text);
	if (json_unpack_ex(
		    o, &e, JSON_STRICT,
		    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[iii], s?s, s?s, "
		    "s?s, s:i, s:b, s:b, s:b, s:b, s:b, s?s, s:o}",
		    "name", &name, "lxcpath", &lxcpath, "config_file", &config_file, "image_dir",
		    &image_dir, "rootfs", &rootfs, "rootfs_mount", &rootfs_mount, "base_cgroup",
		    &base, "monitor_cgroup", &monitor, "payload_cgroup", &payload, "pivot_cgroup",
		    &pivot, "criu", &criu, "criu_version", &major, &minor, &patch, "action_script",
		    &script, "log_file", &log_file, "log_level", &log_level, "verbosity",
		    &verbosity, "foreground", &foreground, "ignore_cpu", &ignore_cpu,
		    "ignore_files", &ignore_files, "hooks", &hooks, "verify_pages", &verify_pages,
		    "force", &force, "config", &config) < 0) {
		json_decref(o);
		return error_set(reterr, EINVAL, "the plan is not one of this version: %s", e.text);
	}
	*ret = (struct restore_plan){
		.name = xstrdup(name),
		.lxcpath = xstrdup(lxcpath),
		.config_file = xstrdup(config_file),
		.image_dir = xstrdup(image_dir),
		.rootfs = xstrdup(rootfs),
		.rootfs_mount = xstrdup(rootfs_mount),
		.base_cgroup = xstrdup(base),
		.monitor_cgroup = xstrdup(monitor),
		.payload_cgroup = xstrdup(payload),
		.pivot_cgroup = xstrdup(pivot),
		.criu = xstrdup(criu),
		.criu_version = {(unsigned int)major, (unsigned int)minor, (unsigned int)patch},
		.action_script = dup_or_null(script),
		.log_file = dup_or_null(log_file),
		.log_level = dup_or_null(log_level),
		.verbosity = (unsigned int)verbosity,
		.foreground = foreground,
		.ignore_cpu = ignore_cpu,
		.ignore_files = ignore_files,
		.hooks = hooks,
		.verify_pages = verify_pages,
		.force = dup_or_null(force),
	};
	config_from_json(config, ret);
	json_decref(o);
	return 0;
}

const char *restore_plan_config(const struct restore_plan *p, const char *key)
{
	const struct config_item *c = config_item_find(p->config, p->n_config, key);

	return c ? c->value : NULL;
}

void restore_plan_set_config(struct restore_plan *p, const char *key, const char *value)
{
	struct config_item *c = config_item_find(p->config, p->n_config, key);

	if (!c) {
		c = ARRAY_ADD(p->config, p->n_config);
		c->key = xstrdup(key);
	}
	free(c->value);
	c->value = xstrdup(value);
}

void restore_plan_clear(struct restore_plan *p)
{
	free(p->name);
	free(p->lxcpath);
	free(p->config_file);
	free(p->image_dir);
	free(p->rootfs);
	free(p->rootfs_mount);
	free(p->base_cgroup);
	free(p->monitor_cgroup);
	free(p->payload_cgroup);
	free(p->pivot_cgroup);
	free(p->criu);
	free(p->action_script);
	free(p->log_file);
	free(p->log_level);
	free(p->force);
	config_items_free(p->config, p->n_config);
	*p = (struct restore_plan){0};
}

static json_t *error_to_json(const struct error *e)
{
	static const struct error unknown = {.err = EIO};

	json_t *detail;

	e = e ? e : &unknown;
	/* CRIU's lines may hold anything: what is not UTF-8 must not lose the whole report */
	detail = e->detail ? json_string(e->detail) : NULL;
	return json_pack("{s:i, s:b, s:s*, s:o*, s:s*, s:s*}", "err", e->err, "refused",
			 (int)e->refused, "message", e->message, "detail", detail, "hint", e->hint,
			 "log", e->log);
}

char *restore_report_to_json(const struct restore_report *r)
{
	json_t *o = r->kind == REPORT_RUNNING	  ? json_pack("{s:i}", "running", r->init_pid)
		    : r->kind == REPORT_EXIT	  ? json_pack("{s:i}", "exit", r->status)
		    : r->kind == REPORT_COMMITTED ? json_pack("{s:b}", "committed", 1)
		    : r->kind == REPORT_REBOOT
			    ? json_pack("{s:b}", "reboot", 1)
			    : json_pack("{s:o}", "error", error_to_json(r->error));
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!text)
		text = xstrdup("{\"error\":{\"err\":5,\"refused\":false,\"message\":\"the restore "
			       "failed, and its error could not be written\"}}");
	str_append(&text, "\n");
	return text;
}

static struct error *error_from_json(json_t *o)
{
	struct error *e = xcalloc(1, sizeof(*e));

	e->err = (int)json_integer_value(json_object_get(o, "err"));
	e->refused = json_is_true(json_object_get(o, "refused"));
	e->message = dup_or_null(json_string_value(json_object_get(o, "message")));
	e->detail = dup_or_null(json_string_value(json_object_get(o, "detail")));
	e->hint = dup_or_null(json_string_value(json_object_get(o, "hint")));
	e->log = dup_or_null(json_string_value(json_object_get(o, "log")));
	if (!e->message)
		e->message = xstrdup("the restore failed");
	return e;
}

int restore_report_from_json(const char *line, struct restore_report *ret)
{
	json_t *v, *o = json_loads(line, 0, NULL);

	if (!o)
		return -EINVAL;
	*ret = (struct restore_report){.kind = REPORT_FAILED};
	if ((v = json_object_get(o, "running"))) {
		ret->kind = REPORT_RUNNING;
		ret->init_pid = (int)json_integer_value(v);
	} else if ((v = json_object_get(o, "exit"))) {
		ret->kind = REPORT_EXIT;
		ret->status = (int)json_integer_value(v);
	} else if (json_object_get(o, "committed")) {
		ret->kind = REPORT_COMMITTED;
	} else if (json_object_get(o, "reboot")) {
		ret->kind = REPORT_REBOOT;
	} else {
		ret->error = error_from_json(json_object_get(o, "error"));
	}
	json_decref(o);
	return 0;
}
