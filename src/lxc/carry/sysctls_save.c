/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The settings in /proc/sys/net of the container's network namespace that can be changed, for the
 * image's file SYSCTLS_NAME (sysctls.h), which is empty where the container has none of its own.
 * Runs in the caller's process as root; a child of it reads in the container's network namespace.
 */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry/sysctls.h"
#include "carry/table_save.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define OPEN_MAX_FTW 8

/* nftw() has no argument for its caller; this is only used in a process of its own. */
static int out;

static bool is_crius(const char *path)
{
	return strstr(path, "/conf/") || strcmp(path, "net/ipv4/ip_forward") == 0;
}

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen(SYSCTLS_PROC "/");
	_cleanup_free_ char *value = NULL, *line = NULL;
	ssize_t n;

	(void)ftw;
	/* what can only be written is a command, and what can only be read no setting */
	if (type != FTW_F || (st->st_mode & 0600) != 0600 || is_crius(name))
		return 0;
	n = read_file_at(AT_FDCWD, path, SYSCTL_MAX, &value);
	if (n < 0)
		return 0;
	value[strcspn(value, "\n")] = '\0';
	line = xasprintf("%s %s\n", name, value);
	return write_all(out, line, strlen(line)) < 0 ? -1 : 0;
}

/* The files show the network namespace of who reads them. */
_Noreturn static void read_in(int netns, int fd)
{
	out = fd;
	if (setns(netns, CLONE_NEWNET) < 0)
		_exit(EXIT_FAILURE);
	_exit(nftw(SYSCTLS_PROC "/" SYSCTLS_BELOW, add, OPEN_MAX_FTW, FTW_PHYS) == 0
		      ? EXIT_SUCCESS
		      : EXIT_FAILURE);
}

static int read_settings(const struct container_facts *facts, char **ret, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)facts->init_pid);
	_cleanup_close_ int netns = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int fd = memfd_create("sysctls", MFD_CLOEXEC);
	pid_t pid;

	if (facts->host_network) {
		*ret = xstrdup("");
		return 0;
	}
	if (netns < 0 || fd < 0)
		return error_errno(reterr, "cannot look at the container's network (%s)", path);
	pid = fork_quietly();
	if (pid == 0)
		read_in(netns, fd);
	if (pid < 0 || wait_status(pid) != 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    read_all(fd, SYSCTLS_MAX, ret) < 0)
		return error_set(reterr, EIO, "cannot read the container's settings in %s/%s",
				 SYSCTLS_PROC, SYSCTLS_BELOW);
	return 0;
}

int sysctls_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	int r = read_settings(s->facts, &text, reterr);

	return r < 0 ? r : image_write(s->image, SYSCTLS_NAME, text, reterr);
}
