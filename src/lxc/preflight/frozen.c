/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before a dump: processes that the container itself has frozen, by a cgroup within its own.
 * CRIU stops such a process, puts its code into it, and waits for ever for that code to run.
 * Runs in the command, as root.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "inspect/cgroups.h"
#include "preflight/private.h"
#include "util/fd.h"
#include "util/mem.h"

#define CGROUP_FILE_MAX 65536

/* Its cgroup2, "/lxc.payload.c1/system.slice"; NULL where it has ended. Caller frees. */
static char *cgroup_of(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (read_file_at(AT_FDCWD, path, CGROUP_FILE_MAX, &text) <= 0)
		return NULL;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return NULL;
	line = strchr(line, '/');
	return line ? xasprintf("%.*s", (int)strcspn(line, "\n"), line) : NULL;
}

/* path: beneath the container's cgroup, and cut off behind the cgroup that is frozen. */
static bool is_frozen(int top, char *path)
{
	for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
		_cleanup_free_ char *state = NULL;
		_cleanup_free_ char *file = NULL;

		*end = '\0';
		file = xasprintf("%s/cgroup.freeze", path);
		if (*path && read_file_at(top, file, 16, &state) > 0 && *state == '1')
			return true;
	}
	return false;
}

void check_frozen(struct survey *s)
{
	const struct cgroup *own = facts_cgroup2(s->p->facts);
	_cleanup_close_ int top = own ? cgroup2_open(s->p->facts) : -1;
	_cleanup_free_ char *last = NULL;
	size_t len = own ? strlen(own->path) : 0;

	for (size_t i = 0; top >= 0 && i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];
		char *cgroup = p->in_tree ? cgroup_of(p->pid) : NULL;
		_cleanup_free_ char *path = NULL;

		/* the container's own is lxc-freeze's; and many are in the same one */
		if (!cgroup || (last && strcmp(cgroup, last) == 0) ||
		    strncmp(cgroup, own->path, len) != 0 || cgroup[len] != '/') {
			free(cgroup);
			continue;
		}
		free(last);
		last = cgroup;
		path = xstrdup(cgroup + len + 1);
		if (is_frozen(top, path))
			found_process(
				s, p, "frozen-cgroup", true,
				"write 0 to its cgroup.freeze, in the container",
				"is frozen by the container's own cgroup %s, which CRIU would "
				"wait for",
				path);
	}
}
