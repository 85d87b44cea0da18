/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks that CRIU's command line is not too long: every mount and terminal is an argument of CRIU,
 * at the dump and, in other words, at the restore. The kernel limits arguments to a quarter of the
 * stack's limit. Runs in the command.
 */
#include "config.h"

#include <string.h>

#include "preflight/survey.h"
#include "sys/runtime.h"
#include "util/mem.h"

/* CRIU's stack limit, and the part for the environment. */
#define ARGUMENTS_MAX	(8 * 1024 * 1024 / 4)
#define ENVIRONMENT_MAX (256 * 1024)

static size_t bytes_of(const struct criu_job *job)
{
	_cleanup_strv_ struct strv argv = criu_argv(job);
	size_t total = 0;

	for (size_t i = 0; i < argv.n; i++)
		total += strlen(argv.v[i]) + 1 + sizeof(char *);
	return total;
}

/* At least as long as the names in restorer/mount_layout.c. */
static size_t restore_bytes(const struct survey *s, const struct criu_job *dump)
{
	const struct container_facts *facts = s->p->facts;
	_cleanup_strv_ struct strv sources = {0};
	struct tty_end *ends = xcalloc(facts->n_ttys + 1, sizeof(*ends));
	struct criu_job job = *dump;
	size_t total;

	job.verb = CRIU_RESTORE;
	for (size_t i = 0; i < facts->n_mounts; i++)
		strv_add(&sources, RUNTIME_DIR "/%zu%s", i, facts->mounts[i].source);
	for (size_t i = 0; i < facts->n_ttys; i++)
		ends[i].path = RUNTIME_DIR "/tty4095/4294967295";
	job.mount_sources = (const char *const *)sources.v;
	job.tty_ends = ends;
	total = bytes_of(&job);
	free(ends);
	return total;
}

void check_arguments(struct survey *s)
{
	const struct criu_job job = {
		.verb = CRIU_DUMP,
		.criu = "/usr/sbin/criu",
		.version = s->p->criu->version,
		.image_dir = s->p->directory ? s->p->directory : "",
		.log_file = "dump.log",
		.facts = s->p->facts,
	};
	size_t dump = bytes_of(&job), restore = restore_bytes(s, &job);

	if (dump > ARGUMENTS_MAX - ENVIRONMENT_MAX || restore > ARGUMENTS_MAX - ENVIRONMENT_MAX)
		findings_add(
			s->found,
			FINDING("arguments", FINDING_BLOCKS,
				"use fewer mounts or shorter paths: mount one directory instead of "
				"many things in it"),
			"the container has more mounts and terminals than fit on CRIU's "
			"command line: %zu bytes at the dump and %zu at the restore, of %d",
			dump, restore, ARGUMENTS_MAX - ENVIRONMENT_MAX);
}
