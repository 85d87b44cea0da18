/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds cgroups that the container has frozen itself. Runs in the command, as root on the host,
 * before CRIU starts and while CRIU works.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "inspect/frozen_cgroup.h"
#include "util/fd.h"
#include "util/mem.h"

#define CGROUP_FILE_MAX 65536

/* Its cgroup2, "/lxc.payload.c1/system.slice"; NULL: it has exited. Caller frees. */
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

/* path: below the container's cgroup; cut off after the frozen cgroup. */
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

char *frozen_cgroup_of(pid_t pid, int top, const char *own)
{
	_cleanup_free_ char *cgroup = cgroup_of(pid);
	size_t len = strlen(own);
	char *path;

	/* lxc-freeze freezes the container's own cgroup */
	if (!cgroup || strncmp(cgroup, own, len) != 0 || cgroup[len] != '/')
		return NULL;
	path = xstrdup(cgroup + len + 1);
	if (is_frozen(top, path))
		return path;
	free(path);
	return NULL;
}
