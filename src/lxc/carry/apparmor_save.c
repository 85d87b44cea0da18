/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The container's AppArmor label, and the profile that lxc-start generated for it. Runs in the
 * caller's process as root on the host, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "carry/apparmor_save.h"
#include "carry/table_save.h"
#include "util/fd.h"
#include "util/mem.h"

#define POLICY_MAX (1024 * 1024)

char *lsm_label(const char *text)
{
	size_t len = strcspn(text, "\n");
	char *label = xstrndup(text, len);
	char *mode = strstr(label, " (");

	/* "lxc-c1_</var/lib/lxc> (enforce)"; a space in a path is not followed by a bracket */
	if (mode)
		*mode = '\0';
	if (*label && strcmp(label, "unconfined") != 0)
		return label;
	free(label);
	return NULL;
}

/* lxc-start keeps the profile that it generates in a folder of the container's, while it runs. */
static int read_policy(struct container_facts *facts, int dir, struct error **reterr)
{
	_cleanup_closedir_ DIR *d = directory_at(dir, ".");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct stat st;
		ssize_t n;

		if (e->d_name[0] == '.' || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		n = read_file_at(dir, e->d_name, POLICY_MAX, &facts->apparmor_policy);
		if (n < 0)
			return error_set(reterr, (int)-n, "cannot read the AppArmor profile %s: %s",
					 e->d_name, strerror((int)-n));
		facts->apparmor_file = xstrdup(e->d_name);
		return 0;
	}
	return 0;
}

int apparmor_save(struct saving *s, struct error **reterr)
{
	struct container_facts *facts = s->facts;
	_cleanup_free_ char *path =
		xasprintf("/proc/%d/attr/apparmor/current", (int)facts->init_pid);
	_cleanup_free_ char *folder = xasprintf("%s/%s/apparmor", facts->lxcpath, facts->name);
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int dir = -1;

	/* not there, or not to be read: this kernel has no AppArmor, or does not use it */
	if (read_file_at(AT_FDCWD, path, 65536, &text) <= 0)
		return 0;
	facts->apparmor_label = lsm_label(text);
	if (!facts->apparmor_label)
		return 0;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? 0 : read_policy(facts, dir, reterr);
}
