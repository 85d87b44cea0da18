/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Puts back the settings in /proc/sys/net. Runs in the monitor; a child of it, as root on the host
 * but in the container's network namespace, writes them.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "carry/sysctls.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

/* An image is trusted, but no more than it has to be. */
static bool is_below(const char *name)
{
	return strncmp(name, SYSCTLS_BELOW, strlen(SYSCTLS_BELOW)) == 0 && !strstr(name, "..");
}

/* Only what is not so already: some have effects by being written. */
static void set(int proc, const char *name, const char *value)
{
	_cleanup_free_ char *now = NULL;

	if (!is_below(name) || read_file_at(proc, name, SYSCTL_MAX, &now) < 0)
		return;
	now[strcspn(now, "\n")] = '\0';
	if (strcmp(now, value) != 0)
		write_file_at(proc, name, value);
}

_Noreturn static void set_all(int netns, char *text)
{
	int proc = open(SYSCTLS_PROC, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *save = NULL;

	if (proc < 0 || setns(netns, CLONE_NEWNET) < 0)
		_exit(EXIT_FAILURE);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(l, ' ');

		if (!value)
			continue;
		*value = '\0';
		set(proc, l, value + 1);
	}
	_exit(EXIT_SUCCESS);
}

int sysctls_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)init);
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int netns = -1;
	size_t len;
	pid_t pid;
	int e;

	if (r->manifest->facts.host_network)
		return 0;
	e = image_read(r->image, r->manifest, SYSCTLS_NAME, SYSCTLS_MAX, &text, &len, reterr);
	if (e < 0 || !text)
		return e;
	netns = open(path, O_RDONLY | O_CLOEXEC);
	pid = netns < 0 ? -1 : fork();
	if (pid == 0)
		set_all(netns, text);
	if (pid < 0 || wait_status(pid) != 0)
		return error_set(reterr, EIO, "cannot set the container's sysctls in %s/%s",
				 SYSCTLS_PROC, SYSCTLS_BELOW);
	return 0;
}
