/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The plan of a restore, and the reports on it, as JSON: written and read by the caller's process
 * and the monitor, both root's, in the host's namespaces. Pure.
 */
#include "config.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "facts/config_item.h"
#include "json/members.h"
#include "restorer/plan.h"
#include "util/mem.h"

static const struct member version_members[] = {
	NUMBER(struct criu_version, major, MEMBER_UINT, 0, INT_MAX),
	NUMBER(struct criu_version, minor, MEMBER_UINT, 0, INT_MAX),
	NUMBER(struct criu_version, patch, MEMBER_UINT, 0, INT_MAX),
	{0},
};

static const struct member item_members[] = {
	STRING(struct config_item, key, NULL),
	STRING(struct config_item, value, NULL),
	{0},
};

static const struct member plan_members[] = {
	STRING(struct restore_plan, name, NULL),
	STRING(struct restore_plan, lxcpath, NULL),
	STRING(struct restore_plan, image_dir, NULL),
	STRING(struct restore_plan, rootfs, NULL),
	STRING(struct restore_plan, config_file, NULL),
	STRING(struct restore_plan, rootfs_mount, NULL),
	STRING(struct restore_plan, base_cgroup, NULL),
	STRING(struct restore_plan, monitor_cgroup, NULL),
	STRING(struct restore_plan, payload_cgroup, NULL),
	STRING(struct restore_plan, pivot_cgroup, NULL),
	STRING(struct restore_plan, criu, NULL),
	{.name = "criu_version",
	 .type = MEMBER_OBJECT,
	 .offset = offsetof(struct restore_plan, criu_version),
	 .table = version_members},
	STRING_OR_NULL(struct restore_plan, action_script, NULL),
	STRING_OR_NULL(struct restore_plan, log_file, NULL),
	STRING_OR_NULL(struct restore_plan, log_level, NULL),
	NUMBER(struct restore_plan, verbosity, MEMBER_UINT, 0, INT_MAX),
	BOOL(struct restore_plan, foreground),
	BOOL(struct restore_plan, ignore_cpu),
	BOOL(struct restore_plan, ignore_files),
	BOOL(struct restore_plan, ignore_link_settings),
	BOOL(struct restore_plan, hooks),
	BOOL(struct restore_plan, verify_pages),
	STRING_OR_NULL(struct restore_plan, force, NULL),
	ARRAY(struct restore_plan, "config", config, n_config, item_members),
	{0},
};

char *restore_plan_to_json(const struct restore_plan *p)
{
	json_t *o = members_write(p, plan_members);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

int restore_plan_from_json(const char *text, size_t len, struct restore_plan *ret,
			   struct error **reterr)
{
	static const struct members_document document = {.name = "the plan"};
	_cleanup_plan_ struct restore_plan plan = {0};
	json_error_t e;
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	int r;

	if (!o)
		return error_set(reterr, EINVAL, "the plan cannot be read: %s", e.text);
	r = members_read(o, &plan, plan_members, &document, reterr);
	json_decref(o);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct restore_plan){0};
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
	members_free(p, plan_members);
	*p = (struct restore_plan){0};
}

static char *dup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
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
