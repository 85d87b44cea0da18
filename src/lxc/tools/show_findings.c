/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the findings of --check and of a restore, as text or as JSON. */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "tools/answer.h"
#include "tools/show_findings.h"
#include "util/text.h"

/* --- for people
 * ----------------------------------------------------------------------------------- */

struct text {
	bool quiet;
	unsigned int blocking;
};

/* "redis-server (pid 123, in the container 45, redis-server.service)" */
static void print_process(FILE *to, const struct lxc_checkpoint_finding *f)
{
	say(to, "%s (pid %d, in the container %d%s%s) ", f->process, (int)f->pid,
	    (int)f->container_pid, f->unit ? ", " : "", f->unit ? f->unit : "");
}

static void print_finding(const struct lxc_checkpoint_finding *f, void *userdata)
{
	struct text *t = userdata;

	t->blocking += f->blocks;
	if (t->quiet)
		return;
	say(stdout, "%-8s ", f->blocks ? "BLOCKS" : f->note ? "note" : "warning");
	if (f->pid)
		print_process(stdout, f);
	say(stdout, "%s [%s]\n", f->reason, f->check);
	if (f->remedy)
		say(stdout, "         hint: %s\n", f->remedy);
}

int check_as_text(struct lxc_container *c, struct lxc_checkpoint_check_options *o, bool quiet)
{
	const char *what = o->restore ? "restored" : "checkpointed";
	struct text t = {.quiet = quiet};
	int r;

	o->found = print_finding;
	o->userdata = &t;
	r = lxc_checkpoint_check(c, o);
	if (quiet)
		return r;
	if (r == 0)
		say(stdout, "%s can be %s\n", c->name, what);
	else if (r == -LXC_CHECKPOINT_EREFUSED)
		say(stdout, "%s cannot be %s: %u reason%s\n", c->name, what, t.blocking,
		    t.blocking == 1 ? "" : "s");
	return r;
}

/* --- for programs
 * --------------------------------------------------------------------------------- */

static json_t *number_or_null(pid_t pid)
{
	return pid ? json_integer(pid) : json_null();
}

static void add_finding(const struct lxc_checkpoint_finding *f, void *userdata)
{
	json_t *finding = json_object();

	json_object_set_new(finding, "check", answer_text(f->check));
	json_object_set_new(finding, "blocks", json_boolean(f->blocks));
	json_object_set_new(finding, "note", json_boolean(f->note));
	json_object_set_new(finding, "pid", number_or_null(f->pid));
	json_object_set_new(finding, "container_pid", number_or_null(f->container_pid));
	json_object_set_new(finding, "process", answer_text(f->process));
	json_object_set_new(finding, "unit", answer_text(f->unit));
	json_object_set_new(finding, "reason", answer_text(f->reason));
	json_object_set_new(finding, "remedy", answer_text(f->remedy));
	json_object_set_new(finding, "force", answer_text(f->force));
	json_object_set_new(finding, "descriptor",
			    f->descriptor < 0 ? json_null() : json_integer(f->descriptor));
	json_array_append_new(json_object_get(userdata, "findings"), finding);
}

static void add_criu(const char *path, const char *version, void *userdata)
{
	(void)path;
	json_object_set_new(userdata, "criu", answer_text(version));
}

void check_describe(json_t *object, const char *name, bool restore)
{
	struct utsname un = {0};

	uname(&un);
	json_object_set_new(object, "container", answer_text(name));
	json_object_set_new(object, restore ? "restorable" : "checkpointable", json_false());
	json_object_set_new(object, "criu", json_null());
	json_object_set_new(object, "kernel", answer_text(un.release));
	json_object_set_new(object, "findings", json_array());
}

int check_as_json(struct lxc_container *c, struct lxc_checkpoint_check_options *o)
{
	const char *able = o->restore ? "restorable" : "checkpointable";
	json_t *answer = json_object();
	int r;

	o->found = add_finding;
	o->criu = add_criu;
	o->userdata = answer;
	check_describe(answer, c->name, o->restore);
	r = lxc_checkpoint_check(c, o);
	json_object_set_new(answer, able, json_boolean(r == 0));
	answer_set_error_of(answer, status_of_error(r), c);
	answer_print(answer);
	return r;
}

/* --- at a checkpoint or restore
 * ------------------------------------------------------------------- */

void warn_of_finding(const struct lxc_checkpoint_finding *f, void *userdata)
{
	(void)userdata;
	if (f->note)
		return;
	say(stderr, "lxc-checkpoint: warning: ");
	if (f->pid)
		print_process(stderr, f);
	say(stderr, "%s\n", f->reason);
}
