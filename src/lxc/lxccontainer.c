/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of struct lxc_container, and the calls that say what they cannot. */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <sys/param.h>

#include "checkup.h"
#include "criu.h"
#include "last_error.h"
#include "lxccontainer.h"
#include "migrate.h"
#include "util/mem.h"

/* More is no option struct but a size that was never set. */
#define OPTIONS_MAX 4096

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
	int r = dump_container(c, o, &e);

	return keep_error(c, r, e);
}

int container_restore(struct lxc_container *c, struct restore_options *o, int *ret_status)
{
	_cleanup_free_ char *directory = checkpoint_directory(c, o->directory);
	_cleanup_error_ struct error *e = NULL;
	int r;

	o->directory = directory;
	r = restore_container(c, o, ret_status, &e);
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

/*
 * The members that the caller's version of an option struct has; the rest stays
 * zero. Members that only the caller knows must be zero: what they ask for would
 * not be done. NULL is a struct of zeros.
 */
static int copy_options(struct lxc_container *c, void *to, size_t size, const void *from)
{
	size_t given = sizeof(given);

	if (!c)
		return -LXC_CHECKPOINT_EINVAL;
	if (from)
		memcpy(&given, from, sizeof(given));
	if (given < sizeof(given) || given > OPTIONS_MAX)
		return refuse_arguments(c, "the options' size is not set");
	for (size_t i = size; from && i < given; i++)
		if (((const unsigned char *)from)[i])
			return refuse_arguments(
				c, "the options have members that this version does not know");
	if (from)
		memcpy(to, from, MIN(given, size));
	return 0;
}

int lxc_checkpoint_dump(struct lxc_container *c, const struct lxc_checkpoint_options *options)
{
	struct lxc_checkpoint_options o = {0};
	struct dump_options d;
	int r = copy_options(c, &o, sizeof(o), options);

	if (r < 0)
		return r;
	if (o.verbosity > CRIU_VERBOSITY_MAX)
		return refuse_arguments(c, "verbosity goes from 0 to 4");
	d = (struct dump_options){
		.directory = o.directory,
		.stop = o.stop,
		.replace = o.replace,
		.verbosity = o.verbosity,
		.action_script = o.action_script,
		.progress = o.progress,
		.cancelled = o.cancelled,
		.userdata = o.userdata,
	};
	return container_dump(c, &d);
}

int lxc_checkpoint_restore(struct lxc_container *c, const struct lxc_restore_options *options)
{
	struct lxc_restore_options o = {0};
	struct restore_options r;
	int e = copy_options(c, &o, sizeof(o), options);

	if (e < 0)
		return e;
	if (o.verbosity > CRIU_VERBOSITY_MAX)
		return refuse_arguments(c, "verbosity goes from 0 to 4");
	r = (struct restore_options){
		.directory = o.directory,
		.foreground = o.foreground,
		.verbosity = o.verbosity,
		.action_script = o.action_script,
	};
	return container_restore(c, &r, o.wait_status);
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
	const struct lxc_checkpoint_finding finding = {
		.size = sizeof(finding),
		.check = f->check,
		.blocks = f->blocks,
		.pid = f->pid,
		.container_pid = f->container_pid,
		.process = f->process,
		.unit = f->unit,
		.reason = f->reason,
		.remedy = f->remedy,
	};

	if (o->found)
		o->found(&finding, o->userdata);
}

int lxc_checkpoint_check(struct lxc_container *c,
			 const struct lxc_checkpoint_check_options *options)
{
	struct lxc_checkpoint_check_options o = {0};
	_cleanup_error_ struct error *e = NULL;
	struct check_options check = {.criu = tell_criu, .found = tell_finding, .userdata = &o};
	int r = copy_options(c, &o, sizeof(o), options);

	if (r < 0)
		return r;
	check.directory = o.directory;
	r = check_container(c, &check, &e);
	return keep_error(c, r, e);
}

const char *lxc_checkpoint_error(struct lxc_container *c)
{
	return last_error_get(c);
}

const char *lxc_checkpoint_version(void)
{
	return PACKAGE_VERSION;
}
