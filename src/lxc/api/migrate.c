/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ->migrate: the commands of liblxc's struct migrate_opts. */
#include "config.h"

#include <string.h>
#include <sys/param.h>

#include "api/last_error.h"
#include "api/migrate.h"
#include "criu.h"
#include "lxccontainer.h"
#include "util/mem.h"

/* Callers of another liblxc may know fewer members than we do, or more; those must then be zero. */
static int copy_options(const struct migrate_opts *opts, unsigned int size,
			struct migrate_opts *ret)
{
	const unsigned char *bytes = (const unsigned char *)opts;

	*ret = (struct migrate_opts){0};
	for (unsigned int i = sizeof(*ret); i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(ret, opts, MIN(size, sizeof(*ret)));
	return 0;
}

static int refuse(struct lxc_container *c, int err, const char *what)
{
	_cleanup_error_ struct error *e = NULL;

	error_refuse(&e, err, "%s", what);
	last_error_set(c, e);
	return -err;
}

static int do_dump(struct lxc_container *c, const struct migrate_opts *m)
{
	const struct dump_options o = {
		.directory = m->directory,
		.stop = m->stop,
		.verbosity = m->verbose ? CRIU_VERBOSITY_MAX : 0,
		.action_script = m->action_script,
		.no_skip_in_flight = m->disable_skip_in_flight,
		.ghost_limit = m->ghost_limit,
	};

	if (m->predump_dir)
		return refuse(c, EOPNOTSUPP,
			      "a checkpoint on top of a pre-dump is not supported yet");
	if (m->pageserver_address || m->pageserver_port)
		return refuse(c, EOPNOTSUPP, "sending pages to a page server is not supported yet");
	return container_dump(c, &o);
}

static int do_restore(struct lxc_container *c, const struct migrate_opts *m)
{
	struct restore_options o = {
		.directory = m->directory,
		.verbosity = m->verbose ? CRIU_VERBOSITY_MAX : 0,
		.action_script = m->action_script,
	};

	return container_restore(c, &o, NULL);
}

/* As liblxc does, clears the missing features and fails if there are any. */
static int check_features(struct lxc_container *c, struct migrate_opts *opts, unsigned int size)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} features[] = {
		{FEATURE_MEM_TRACK, "mem_dirty_track"},
		{FEATURE_LAZY_PAGES, "uffd-noncoop"},
	};
	_cleanup_criu_ struct criu_program criu = {0};
	_cleanup_error_ struct error *e = NULL;
	uint64_t asked, there = 0;

	if (size < offsetof(struct migrate_opts, features_to_check) + sizeof(asked))
		return refuse(c, EINVAL, "no features to check were given");
	asked = opts->features_to_check;
	if (criu_find(&criu, &e) < 0) {
		last_error_set(c, e);
		opts->features_to_check = 0;
		return -ENOEXEC;
	}
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if ((asked & features[i].flag) && criu_checks(&criu, features[i].name))
			there |= features[i].flag;
	if (there == asked)
		return 0;
	opts->features_to_check = there;
	return refuse(c, EOPNOTSUPP, "CRIU or this kernel lacks a feature that was asked for");
}

int migrate_container(struct lxc_container *c, unsigned int cmd, struct migrate_opts *opts,
		      unsigned int size)
{
	struct migrate_opts m;

	if (!c || !opts)
		return -EINVAL;
	if (copy_options(opts, size, &m) < 0)
		return refuse(c, E2BIG, "the options have members that this version does not know");
	switch (cmd) {
	case MIGRATE_DUMP:
		return do_dump(c, &m);
	case MIGRATE_RESTORE:
		return do_restore(c, &m);
	case MIGRATE_FEATURE_CHECK:
		return check_features(c, opts, size);
	case MIGRATE_PRE_DUMP:
		return refuse(c, EOPNOTSUPP, "pre-dumps are not supported yet");
	default:
		return refuse(c, EINVAL, "unknown migrate command");
	}
}
