/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a checkpoint would come across, without one. */
#include "config.h"

#include "checkup.h"
#include "dump.h"
#include "image/dir.h"
#include "inspect/inspect.h"
#include "preflight/preflight.h"
#include "util/mem.h"

/* What fails here stands in the way, and there is nothing to look at behind it. */
static void check_directory(const char *directory, struct findings *found)
{
	_cleanup_error_ struct error *e = NULL;
	bool holds_one = false;

	if (image_check(directory, &holds_one, &e) < 0)
		findings_add_error(found, "directory", e);
	else if (holds_one)
		findings_add(found, "directory", false, NULL,
			     "name another directory with -D, or say --replace at the checkpoint",
			     "%s already holds a checkpoint", directory);
}

/* Both are asked for, whatever the first says. */
static int check_host(const struct check_options *o, struct criu_program *criu,
		      struct findings *found)
{
	_cleanup_error_ struct error *privileges = NULL, *e = NULL;
	int r;

	if (preflight_privileges(&privileges) < 0)
		findings_add_error(found, "privileges", privileges);
	r = criu_find(criu, &e);
	if (r < 0)
		findings_add_error(found, "criu", e);
	else if (o->criu)
		o->criu(criu, o->userdata);
	return privileges ? -EPERM : r;
}

static void check_running(struct lxc_container *c, const struct criu_program *criu,
			  const char *directory, struct findings *found)
{
	_cleanup_facts_ struct container_facts facts = {0};
	_cleanup_error_ struct error *e = NULL;
	const struct preflight p = {
		.facts = &facts,
		.criu = criu,
		.directory = directory,
		.ghost_limit = ghost_limit(0),
	};

	if (inspect_container(c, &facts, &e) < 0)
		findings_add_error(found, "container", e);
	else
		preflight_find(&p, found);
}

int check_container(struct lxc_container *c, const struct check_options *o, struct error **reterr)
{
	_cleanup_free_ char *directory = checkpoint_directory(c, o->directory);
	_cleanup_criu_ struct criu_program criu = {0};
	_cleanup_findings_ struct findings found = {0};
	_cleanup_error_ struct error *e = NULL;
	bool able = check_host(o, &criu, &found) == 0;

	if (dump_check_state(c, &e) < 0)
		findings_add_error(&found, "state", e);
	else if (able)
		check_running(c, &criu, directory, &found);
	check_directory(directory, &found);
	for (size_t i = 0; o->found && i < found.n; i++)
		o->found(&found.v[i], o->userdata);
	return findings_refuse(&found, c->name, reterr);
}
