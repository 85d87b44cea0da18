/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A library to preload, no program: it tells powercut.py of each step by which the
 * program changes something below $STEPS_ROOT, when it is done, and waits until that
 * has looked at it. Of an fsync it asks before, too, whether it is to fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REAL(name) ((typeof(&(name)))dlsym(RTLD_NEXT, #name))

/* The absolute path of name in dirfd, or of the descriptor where name is NULL. */
static void path_of(int dirfd, const char *name, char path[static PATH_MAX])
{
	char link[64], dir[PATH_MAX / 2] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	if (dirfd == AT_FDCWD)
		strcpy(link, "/proc/self/cwd");
	if (!name || *name != '/') {
		ssize_t n = readlink(link, dir, sizeof(dir) - 1);

		dir[n > 0 ? n : 0] = '\0';
	}
	snprintf(path, PATH_MAX, "%s%s%s", dir, *dir && name ? "/" : "", name ? name : "");
}

/* false: the step is to fail. */
static bool tell(const char *step, int dirfd, const char *name)
{
	const char *root = getenv("STEPS_ROOT");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char path[PATH_MAX], line[PATH_MAX + 32], answer = '\0';
	int saved = errno, fd;

	path_of(dirfd, name, path);
	if (!root || strncmp(path, root, strlen(root)) != 0)
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strncpy(to.sun_path, getenv("STEPS_SOCKET"), sizeof(to.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		abort();
	snprintf(line, sizeof(line), "%s %s\n", step, path);
	if (REAL(write)(fd, line, strlen(line)) < 0 || read(fd, &answer, 1) != 1)
		abort();
	close(fd);
	errno = saved;
	return answer == 'y';
}

int fsync(int fd)
{
	int r;

	if (!tell("fsync?", fd, NULL)) {
		errno = EIO;
		return -1;
	}
	r = REAL(fsync)(fd);
	if (r == 0)
		tell("fsync", fd, NULL);
	return r;
}

ssize_t write(int fd, const void *data, size_t len)
{
	struct stat st;
	ssize_t r = REAL(write)(fd, data, len);

	if (r > 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		tell("write", fd, NULL);
	return r;
}

int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	int r;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	r = REAL(openat)(dirfd, path, flags, mode);
	if (r >= 0 && (flags & (O_CREAT | O_TRUNC)))
		tell("open", dirfd, path);
	return r;
}

int mkdir(const char *path, mode_t mode)
{
	int r = REAL(mkdir)(path, mode);

	if (r == 0)
		tell("mkdir", AT_FDCWD, path);
	return r;
}

int rmdir(const char *path)
{
	int r = REAL(rmdir)(path);

	if (r == 0)
		tell("rmdir", AT_FDCWD, path);
	return r;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int r = REAL(renameat)(from_dir, from, to_dir, to);

	if (r == 0)
		tell("rename", to_dir, to);
	return r;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	int r = REAL(renameat2)(from_dir, from, to_dir, to, flags);

	if (r == 0)
		tell("exchange", to_dir, to);
	return r;
}

int unlinkat(int dirfd, const char *path, int flags)
{
	int r = REAL(unlinkat)(dirfd, path, flags);

	if (r == 0)
		tell("unlink", dirfd, path);
	return r;
}

int unlink(const char *path)
{
	int r = REAL(unlink)(path);

	if (r == 0)
		tell("unlink", AT_FDCWD, path);
	return r;
}
