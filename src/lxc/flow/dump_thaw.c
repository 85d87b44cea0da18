/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A container can freeze a cgroup of its own after the check. CRIU then waits without a limit for
 * a process in it, with all others stopped. Such a cgroup is thawed, the checkpoint is taken back,
 * and the cgroup is frozen again. Runs in the caller's process, as root on the host.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/dump_private.h"
#include "inspect/cgroups.h"
#include "inspect/frozen_cgroup.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define FIRST_LOOK_MS 2000 /* most checkpoints are over by then */
#define PAUSES	      10   /* between looks, each as long as a look takes */

#define STAT_MAX 4096

struct look {
	struct dump *d;
	const char *own;
	int top;
};

static bool set_frozen(int top, const char *cgroup, const char *value)
{
	_cleanup_free_ char *file = xasprintf("%s/cgroup.freeze", cgroup);

	return write_file_at(top, file, value) == 0;
}

static bool is_known(const struct dump *d, const char *cgroup)
{
	for (size_t i = 0; i < d->n_thawed; i++)
		if (strcmp(d->thawed[i], cgroup) == 0)
			return true;
	return false;
}

static int look_at(pid_t pid, void *userdata)
{
	const struct look *l = userdata;
	_cleanup_free_ char *cgroup = frozen_cgroup_of(pid, l->top, l->own);
	char **place;

	if (!cgroup || !set_frozen(l->top, cgroup, "0") || is_known(l->d, cgroup))
		return 0;
	place = ARRAY_ADD(l->d->thawed, l->d->n_thawed);
	*place = TAKE_PTR(cgroup);
	return 0;
}

/*
 * Whether the container has cgroups of its own: one without any cannot freeze a process so. They
 * are counted by the kernel, while a look at every process goes over all of the host's.
 */
static bool has_cgroups_below(int top)
{
	static const char field[] = "nr_descendants ";
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (read_file_at(top, "cgroup.stat", STAT_MAX, &text) <= 0)
		return true;
	line = strstr(text, field);
	return !line || strtoul(line + strlen(field), NULL, 10) > 0;
}

void dump_thaw(struct dump *d)
{
	const struct container_facts *facts = &d->manifest.facts;
	const struct cgroup *own = facts_cgroup2(facts);
	int64_t now = monotonic_ms();

	if (d->next_look == 0)
		d->next_look = now + FIRST_LOOK_MS;
	if (own && now >= d->next_look) {
		_cleanup_close_ int top = cgroup2_open(facts);
		struct look l = {.d = d, .own = own->path, .top = top};

		if (top >= 0 && has_cgroups_below(top))
			for_each_process(facts->init_pid, look_at, &l);
		d->next_look = monotonic_ms() + FIRST_LOOK_MS + (monotonic_ms() - now) * PAUSES;
	}
}

int dump_thaw_tell(const struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *name = d->n_thawed ? xstrdup(d->thawed[0]) : NULL;

	if (!name)
		return 0;
	make_printable(name);
	error_set(
		reterr, EBUSY,
		"the container has frozen its own cgroup %s meanwhile, and CRIU would wait for it",
		name);
	error_set_hint(reterr, "write 0 to its cgroup.freeze, in the container");
	return -EBUSY;
}

void dump_freeze_again(struct dump *d)
{
	_cleanup_close_ int top = d->n_thawed ? cgroup2_open(&d->manifest.facts) : -1;

	for (size_t i = 0; i < d->n_thawed; i++) {
		set_frozen(top, d->thawed[i], "1");
		free(d->thawed[i]);
	}
	free(TAKE_PTR(d->thawed));
	d->n_thawed = 0;
}
