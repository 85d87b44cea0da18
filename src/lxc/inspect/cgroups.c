/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <string.h>

#include "inspect/cgroups.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * Cuts path behind the component that is the container's top: payload itself
 * or payload with the "-N" that LXC appends when the name was taken.
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

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

/* What the kernel documents as settings, by the ends of their names, and what a new cgroup has. */
static const struct {
	const char *end;
	const char *defaults[3];
} settings[] = {
	{".max", {"max", "max 100000", ""}},
	{".high", {"max"}},
	{".low", {"0"}},
	{".min", {"0", "0.00"}},
	{".weight", {"100", "default 100", ""}},
	{".max.burst", {"0"}},
	{"cpu.idle", {"0"}},
	{"cpuset.cpus", {""}},
	{"cpuset.mems", {""}},
	{"memory.oom.group", {"0"}},
	{"io.latency", {""}},
	{"io.prio.class", {"no-change"}},
	{"cgroup.max.depth", {"max"}},
	{"cgroup.max.descendants", {"max"}},
};

bool cgroup_is_setting(const char *file, const char *value)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!ends_with(file, settings[i].end))
			continue;
		for (size_t k = 0; k < 3 && settings[i].defaults[k]; k++)
			if (strcmp(value, settings[i].defaults[k]) == 0)
				return false;
		return true;
	}
	return false;
}

static void add_setting(struct container_facts *facts, int cgroup, const char *file)
{
	_cleanup_free_ char *value = NULL;
	struct cgroup_setting *s;
	ssize_t n;

	/* some can be written and not read, or not on this kernel */
	n = read_file_at(cgroup, file, 65536, &value);
	if (n < 0)
		return;
	while (n > 0 && value[n - 1] == '\n')
		value[--n] = '\0';
	if (!cgroup_is_setting(file, value))
		return;
	s = ARRAY_ADD(facts->cgroup_settings, facts->n_cgroup_settings);
	s->file = xstrdup(file);
	s->value = TAKE_PTR(value);
}

int inspect_cgroup_settings(struct container_facts *facts, int cgroup, struct error **reterr)
{
	_cleanup_closedir_ DIR *dir = cgroup < 0 ? NULL : directory_at(cgroup, ".");
	struct dirent *e;

	if (cgroup == -ENOENT)
		return 0;
	if (!dir)
		return error_refuse(reterr, cgroup < 0 ? -cgroup : errno,
				    "the cgroup of %s cannot be read: %s", facts->name,
				    strerror(cgroup < 0 ? -cgroup : errno));
	while ((e = readdir(dir)))
		if (e->d_type == DT_REG)
			add_setting(facts, cgroup, e->d_name);
	return 0;
}
