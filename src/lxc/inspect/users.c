/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the user who started the container, and its ID maps. Runs in the caller's process, in the
 * host's namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "facts/idmap.h"
#include "inspect/users.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static int read_map(struct container_facts *facts, const char *file, const char *kind,
		    struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)facts->init_pid, file);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, 65536, &text);

	if (n < 0)
		return error_set(reterr, (int)-n, "cannot read %s: %s", path, strerror((int)-n));
	return idmap_parse(text, kind, facts, reterr);
}

/* The container's monitor holds everything that the container has on the host. */
static long starter(pid_t init)
{
	long monitor = process_status_number(init, "PPid");
	long uid = monitor > 0 ? process_status_number((pid_t)monitor, "Uid") : 0;

	return uid > 0 ? uid : 0;
}

int inspect_users(struct container_facts *facts, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int)facts->init_pid);
	struct stat theirs, ours;
	int r;

	facts->obstacles.starter = starter(facts->init_pid);
	if (stat(path, &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0)
		return error_errno(reterr, "cannot look at the container's user namespace (%s)",
				   path);
	if (theirs.st_ino == ours.st_ino)
		return 0;
	facts->obstacles.own_users = true;
	r = read_map(facts, "uid_map", "u", reterr);
	return r < 0 ? r : read_map(facts, "gid_map", "g", reterr);
}
