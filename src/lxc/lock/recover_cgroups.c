/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Thaws a cgroup that a killed CRIU has frozen, and ends the half-made processes of a restore of
 * which everybody was killed. Runs in the command, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock/recover.h"
#include "util/fd.h"
#include "util/mem.h"

#define ENDING_MS 5000
#define TICK_MS	  10

#define CONTENT_MAX 65536

void recover_freezer(const char *directory)
{
	_cleanup_close_ int cgroup = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (cgroup >= 0)
		write_file_at(cgroup, "cgroup.freeze", "0");
}

/* By the end of the directory's path, which may be below any mount point. */
static bool is_in_cgroup(pid_t pid, const char *directory)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	_cleanup_free_ char *text = NULL;
	const size_t len = strlen(directory);
	char *cgroup;

	if (read_file_at(AT_FDCWD, path, CONTENT_MAX, &text) <= 0 ||
	    !(cgroup = strstr(text, "0::")))
		return false;
	cgroup += strlen("0::");
	cgroup[strcspn(cgroup, "\n")] = '\0';
	for (size_t n = strlen(cgroup); n > 1; n = strlen(cgroup)) {
		if (n <= len && strcmp(directory + len - n, cgroup) == 0)
			return true;
		*strrchr(cgroup, '/') = '\0';
	}
	return false;
}

static bool is_populated(int cgroup)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(cgroup, "cgroup.events", 4096, &text) > 0 &&
	       strstr(text, "populated 1") != NULL;
}

/*
 * Where the directory is another cgroup's by now, nothing is done. Before 5.14 a kernel has no
 * cgroup.kill: there the processes stay, and the next restore avoids them.
 */
static void end_cgroup(const struct record_cgroup *c)
{
	_cleanup_close_ int cgroup = open(c->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (cgroup < 0 || fstat(cgroup, &st) < 0 || st.st_ino != c->number ||
	    write_file_at(cgroup, "cgroup.kill", "1") < 0)
		return;
	for (int waited = 0; waited < ENDING_MS && is_populated(cgroup); waited += TICK_MS)
		poll(NULL, 0, TICK_MS);
}

void recover_cgroups(const struct record *left, pid_t init)
{
	for (size_t i = 0; i < left->n_cgroups; i++)
		if (init <= 0 || !is_in_cgroup(init, left->cgroups[i].path))
			end_cgroup(&left->cgroups[i]);
}
