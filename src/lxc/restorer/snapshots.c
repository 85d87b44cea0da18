/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Forgets a snapshot that is destroyed: `lxc-copy -s` and -e let a container count those made of
 * it (lxc_snapshots), and LXC does not destroy one that has any. A snapshot lists what it depends
 * on (lxc_rdepends). Runs in the monitor, as root on the host. Only root writes these files.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "restorer/snapshots.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILE_MAX (1 << 20)

/* LXC has counted them once. */
static char *count_down(const char *text)
{
	const long n = strtol(text, NULL, 10);

	return n > 1 ? xasprintf("%ld\n", n - 1) : xstrdup("");
}

char *snapshots_without(const char *text, const char *lxcpath, const char *name)
{
	_cleanup_free_ char *entry = xasprintf("%s\n%s\n", lxcpath, name);
	const size_t len = strlen(entry);
	char *ret, *p;

	if (*text >= '0' && *text <= '9')
		return count_down(text);
	ret = xstrdup(text);
	for (p = ret; (p = strstr(p, entry));)
		if (p == ret || p[-1] == '\n')
			memmove(p, p + len, strlen(p + len) + 1);
		else
			p++;
	return ret;
}

/* The lock with which LXC guards a container's files. -1: there is none, and nobody holds it. */
static int lock_files(const char *lxcpath, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/run/lxc/lock/%s/.%s", lxcpath, name);
	_cleanup_close_ int fd =
		open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0 || TEMP_FAILURE_RETRY(fcntl(fd, F_OFD_SETLKW, &lock)) < 0)
		return -1;
	return TAKE_FD(fd);
}

static int read_roots(const char *path, char **ret)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & S_IWOTH) || read_all(fd, FILE_MAX, ret) < 0)
		return -1;
	return 0;
}

static void forget_in(const char *of_path, const char *of_name, const char *lxcpath,
		      const char *name)
{
	_cleanup_close_ int lock = lock_files(of_path, of_name);
	_cleanup_free_ char *path = xasprintf("%s/%s/lxc_snapshots", of_path, of_name);
	_cleanup_free_ char *text = NULL, *rest = NULL;
	_cleanup_close_ int fd = -1;

	(void)lock; /* Debian 12's clang knows of no cleanup */
	if (read_roots(path, &text) < 0)
		return;
	rest = snapshots_without(text, lxcpath, name);
	if (!*rest) {
		unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		write_all(fd, rest, strlen(rest));
}

void snapshots_forget(const char *lxcpath, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/lxc_rdepends", lxcpath, name);
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (read_roots(path, &text) < 0)
		return;
	for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
		const char *n = strtok_r(NULL, "\n", &save);

		if (n)
			forget_in(p, n, lxcpath, name);
	}
}
