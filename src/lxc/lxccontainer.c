/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of struct lxc_container, and the calls that say what they cannot. */
#include "config.h"

#include <stddef.h>

#include "api/last_error.h"
#include "api/migrate.h"
#include "api/options.h"
#include "criu.h"
#include "flow/check.h"
#include "flow/lxclog.h"
#include "lxccontainer.h"
#include "sys/inherited.h"
#include "util/mem.h"

static int keep_error(struct lxc_container *c, int r, const struct error *e)
{
	last_error_set(c, e);
	if (r == 0)
		return 0;
	return e && e->refused ? -LXC_CHECKPOINT_EREFUSED : -LXC_CHECKPOINT_EFAILED;
}

int container_dump(struct lxc_container *c, const struct dump_options *o)
{
	_cleanup_error_ struct error *e = NULL;
	int r;

	file_limit_begin();
	r = dump_container(c, o, &e);
	file_limit_end();
	lxclog_failure(c, e);
	return keep_error(c, r, e);
}

int container_restore(struct lxc_container *c, struct restore_options *o, int *ret_status)
{
	_cleanup_free_ char *directory = restore_directory(c, o->directory);
	_cleanup_error_ struct error *e = NULL;
	int r;

	o->directory = directory;
	file_limit_begin();
	r = restore_container(c, o, ret_status, &e);
	file_limit_end();
	lxclog_failure(c, e);
	return keep_error(c, r, e);
}

static bool method_checkpoint(struct lxc_container *c, char *directory, bool stop, bool verbose)
{
	const struct dump_options o = {
		.directory = directory,
		.stop = stop,
		.verbosity = verbose ? CRIU_VERBOSITY_MAX : 0,
	};

	return c && container_dump(c, &o) == 0;
}

static bool method_restore(struct lxc_container *c, char *directory, bool verbose)
{
	struct restore_options o = {
		.directory = directory,
		.verbosity = verbose ? CRIU_VERBOSITY_MAX : 0,
	};

	return c && container_restore(c, &o, NULL) == 0;
}

/* liblxc's ->clone is one function for all containers. */
static typeof(((struct lxc_container *)NULL)->clone) liblxc_clone;

static struct lxc_container *method_clone(struct lxc_container *c, const char *newname,
					  const char *lxcpath, int flags, const char *bdevtype,
					  const char *bdevdata, uint64_t newsize, char **hookargs)
{
	struct lxc_container *clone =
		liblxc_clone(c, newname, lxcpath, flags, bdevtype, bdevdata, newsize, hookargs);

	lxc_checkpoint_extend(clone);
	return clone;
}

bool lxc_checkpoint_extend(struct lxc_container *c)
{
	if (!c)
		return false;
	/* what an earlier container at this address has left */
	if (c->checkpoint != method_checkpoint)
		last_error_set(c, NULL);
	c->checkpoint = method_checkpoint;
	c->restore = method_restore;
	c->migrate = migrate_container;
	if (c->clone != method_clone) {
		liblxc_clone = c->clone;
		c->clone = method_clone;
	}
	return true;
}

static int refuse_arguments(struct lxc_container *c, const char *why)
{
	_cleanup_error_ struct error *e = NULL;

	if (c) {
		error_refuse(&e, EINVAL, "%s", why);
		last_error_set(c, e);
	}
	return -LXC_CHECKPOINT_EINVAL;
}

static int copy_options(struct lxc_container *c, void *to, size_t size, const void *from)
{
	_cleanup_error_ struct error *e = NULL;

	if (!c)
		return -LXC_CHECKPOINT_EINVAL;
	if (options_copy(to, size, from, &e) == 0)
		return 0;
	last_error_set(c, e);
	return -LXC_CHECKPOINT_EINVAL;
}

/* Converts a finding to the public header's type. */
static struct lxc_checkpoint_finding public_finding(const struct finding *f)
{
	return (struct lxc_checkpoint_finding){
		.size = sizeof(struct lxc_checkpoint_finding),
		.check = f->check,
		.blocks = f->blocks,
		.pid = f->pid,
		.container_pid = f->container_pid,
		.process = f->process,
		.unit = f->unit,
		.reason = f->reason,
		.remedy = f->remedy,
		.force = f->force,
		.note = f->note,
		.descriptor = f->descriptor,
	};
}

static void tell_dump(const struct finding *f, void *userdata)
{
	const struct lxc_checkpoint_options *o = userdata;
	const struct lxc_checkpoint_finding finding = public_finding(f);

	o->found(&finding, o->userdata);
}

int lxc_checkpoint_dump(struct lxc_container *c, const struct lxc_checkpoint_options *options)
{
	struct lxc_checkpoint_options o = {0};
	struct dump_options d;
	int r = copy_options(c, &o, sizeof(o), options);

	if (r < 0)
		return r;
	if (o.verbosity > CRIU_VERBOSITY_MAX)
		return refuse_arguments(c, "the verbosity must be between 0 and 4");
	if (o.timeout > LXC_CHECKPOINT_TIMEOUT_MAX)
		return refuse_arguments(c, "the timeout must be between 1 and 86400 seconds");
	d = (struct dump_options){
		.directory = o.directory,
		.stop = o.stop,
		.replace = o.replace,
		.drop_outside = o.drop_outside,
		.verbosity = o.verbosity,
		.action_script = o.action_script,
		.timeout = o.timeout,
		.progress = o.progress,
		.cancelled = o.cancelled,
		.userdata = o.userdata,
		.found = o.found ? tell_dump : NULL,
		.found_userdata = &o,
	};
	return container_dump(c, &d);
}

static void tell_criu(const struct criu_program *criu, void *userdata)
{
	const struct lxc_checkpoint_check_options *o = userdata;
	_cleanup_free_ char *version = criu_version_text(&criu->version);

	if (o->criu)
		o->criu(criu->path, version, o->userdata);
}

static void tell_finding(const struct finding *f, void *userdata)
{
	const struct lxc_checkpoint_check_options *o = userdata;
	const struct lxc_checkpoint_finding finding = public_finding(f);

	if (o->found)
		o->found(&finding, o->userdata);
}

static void tell_restore(const struct finding *f, void *userdata)
{
	const struct lxc_restore_options *o = userdata;
	const struct lxc_checkpoint_finding finding = public_finding(f);

	if (o->found)
		o->found(&finding, o->userdata);
}

static bool ask_restore(void *userdata)
{
	const struct lxc_restore_options *o = userdata;

	return o->cancelled && o->cancelled(o->userdata);
}

static void tell_committed(void *userdata)
{
	const struct lxc_restore_options *o = userdata;

	if (o->committed)
		o->committed(o->userdata);
}

/* Words that there are. */
static int check_force(struct lxc_container *c, const char *words)
{
	_cleanup_error_ struct error *e = NULL;

	return findings_check_words(words, &e) == 0 ? 0 : refuse_arguments(c, e->message);
}

int lxc_checkpoint_restore(struct lxc_container *c, const struct lxc_restore_options *options)
{
	struct lxc_restore_options o = {0};
	struct restore_options r;
	int e = copy_options(c, &o, sizeof(o), options);

	if (e == 0)
		e = check_force(c, o.force);
	if (e < 0)
		return e;
	if (o.verbosity > CRIU_VERBOSITY_MAX)
		return refuse_arguments(c, "the verbosity must be between 0 and 4");
	r = (struct restore_options){
		.directory = o.directory,
		.foreground = o.foreground,
		.verbosity = o.verbosity,
		.action_script = o.action_script,
		.no_verify = o.no_verify,
		.log_file = o.log_file,
		.log_level = o.log_level,
		.force = o.force,
		.found = tell_restore,
		.cancelled = o.cancelled ? ask_restore : NULL,
		.committed = tell_committed,
		.userdata = &o,
	};
	return container_restore(c, &r, o.wait_status);
}

int lxc_checkpoint_check(struct lxc_container *c,
			 const struct lxc_checkpoint_check_options *options)
{
	struct lxc_checkpoint_check_options o = {0};
	_cleanup_error_ struct error *e = NULL;
	struct check_options check = {.criu = tell_criu, .found = tell_finding, .userdata = &o};
	int r = copy_options(c, &o, sizeof(o), options);

	if (r == 0)
		r = check_force(c, o.force);
	if (r < 0)
		return r;
	check.directory = o.directory;
	check.stop = o.stop;
	check.restore = o.restore;
	check.force = o.force;
	check.replace = o.replace;
	check.drop_outside = o.drop_outside;
	file_limit_begin();
	r = check_container(c, &check, &e);
	file_limit_end();
	return keep_error(c, r, e);
}

const char *lxc_checkpoint_error(struct lxc_container *c)
{
	return last_error_get(c);
}

const char *lxc_checkpoint_reason(struct lxc_container *c)
{
	return last_error_reason(c);
}

const char *lxc_checkpoint_hint(struct lxc_container *c)
{
	return last_error_hint(c);
}

const char *lxc_checkpoint_version(void)
{
	return PACKAGE_VERSION;
}
