/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds a container's cgroups, from its init's /proc/PID/cgroup. Runs in the caller's process, in
 * the host's namespaces, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <string.h>

#include "inspect/cgroups.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * Cuts path after the container's top component: payload itself, or payload with the "-N" that LXC
 * appends if the name was taken.
 */
static void cut_at_payload(char *path, const char *payload)
{
	size_t len = strlen(payload);

	for (char *p = path; (p = strstr(p, payload)); p += len) {
		char *end = p + len;

		if (p == path || p[-1] != '/')
			continue;
		if (*end == '-')
			end += 1 + strspn(end + 1, "0123456789");
		if (*end == '/' || *end == '\0') {
			*end = '\0';
			return;
		}
	}
}

char *cgroup_base(const char *path, const char *payload)
{
	const char *parent = strrchr(path, '/');
	size_t len = strlen(payload);

	for (const char *p = path; (p = strstr(p, payload)); p += len) {
		const char *end = p + len;

		if (p == path || p[-1] != '/')
			continue;
		if (*end == '-')
			end += 1 + strspn(end + 1, "0123456789");
		if (*end == '\0')
			return xasprintf("%.*s", (int)(p - 1 - path), path);
	}
	/* it has been renamed since it was started */
	return xasprintf("%.*s", parent ? (int)(parent - path) : 0, path);
}

static int add_line(char *line, const char *payload, struct container_facts *facts,
		    struct error **reterr)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	struct cgroup *cg;

	if (!path || path[1] != '/')
		return error_set(reterr, EINVAL, "a line of /proc/PID/cgroup reads \"%s\"", line);
	*controllers++ = '\0';
	*path++ = '\0';
	if (payload)
		cut_at_payload(path, payload);
	cg = ARRAY_ADD(facts->cgroups, facts->n_cgroups);
	cg->controllers = xstrdup(controllers);
	cg->path = xstrdup(path);
	return 0;
}

int cgroups_parse(const char *text, const char *payload, struct container_facts *facts,
		  struct error **reterr)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int r = add_line(l, payload, facts, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

int inspect_cgroups(struct container_facts *facts, const char *payload, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)facts->init_pid);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, 1024 * 1024, &text);

	if (n < 0)
		return error_set(reterr, (int)-n, "cannot read %s: %s", path, strerror((int)-n));
	return cgroups_parse(text, payload, facts, reterr);
}

int cgroup2_open(const struct container_facts *facts)
{
	const struct cgroup *cg = facts_cgroup2(facts);
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int fd = -ENOENT;

	while (cg && table && fd == -ENOENT && mnt_table_next_fs(table, it, &fs) == 0) {
		_cleanup_free_ char *path = NULL;

		if (!mnt_fs_get_fstype(fs) || strcmp(mnt_fs_get_fstype(fs), "cgroup2") != 0)
			continue;
		path = xasprintf("%s%s", mnt_fs_get_target(fs), cg->path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	mnt_free_iter(it);
	mnt_unref_table(table);
	return fd;
}
