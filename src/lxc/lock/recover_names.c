/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A CRIU that is killed in a checkpoint leaves the names that it gave to open files of which only
 * another name exists. The next checkpoint would give the same names, and fail. Runs in the
 * command, as root on the host, after CRIU's end: the container runs on, and may change what is
 * looked at.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/leftovers.h"
#include "lock/recover.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"
#include "util/text.h"

/* A name of the kind that CRIU gives, and the file that it is of. */
struct name {
	ino_t inode;
	char text[32];
};

/*
 * A container can have one file open a million times, in a directory of a million entries: each
 * directory is listed once, and each file looked for once.
 */
struct search {
	int root; /* init's */
	struct directory {
		size_t first, n; /* of names, sorted by inode */
	} *directories;
	size_t n_directories;
	struct map by_inode; /* the directories */
	struct name *names;
	size_t n_names;
	struct map seen; /* files, by their paths and by their directories */
	size_t removed;
};

/* Whoever makes two of them the same keeps names that are in the way of nobody else. */
static uint64_t key_of(uint64_t place, const struct statx *file)
{
	return (place ^ file->stx_ino ^ (uint64_t)file->stx_dev_minor << 44) *
	       0x9e3779b97f4a7c15ULL;
}

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3ULL;
	return h;
}

/*
 * Where the file was, or the nearest directory above that is still there, as far as that is in the
 * rootfs and no link is on the way; else -1. path changes.
 */
static int open_directory(int root, char *path)
{
	_cleanup_close_ int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *save = NULL;

	*strrchr(path, '/') = '\0';
	for (char *w = strtok_r(path, "/", &save); at >= 0 && w; w = strtok_r(NULL, "/", &save)) {
		/* within one mount: nothing that the container serves is asked */
		int next = open_in_mount(at, w, O_PATH | O_DIRECTORY);

		if (next < 0 && errno == ENOENT)
			break;
		close(at);
		at = next;
	}
	return at < 0 ? -1 : openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int compare_names(const void *a, const void *b)
{
	const ino_t x = ((const struct name *)a)->inode, y = ((const struct name *)b)->inode;

	return (x > y) - (x < y);
}

static struct directory list_names(struct search *s, int dirfd)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct directory ret = {.first = s->n_names};
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct name *name;

		if (!criu_is_link_remap(e->d_name) || strlen(e->d_name) >= sizeof(name->text))
			continue;
		name = ARRAY_ADD(s->names, s->n_names);
		name->inode = e->d_ino;
		strcpy(name->text, e->d_name);
		ret.n++;
	}
	if (ret.n > 1)
		qsort(s->names + ret.first, ret.n, sizeof(*s->names), compare_names);
	return ret;
}

static struct directory look_at_directory(struct search *s, int dirfd, uint64_t key)
{
	size_t at;

	if (!map_get(&s->by_inode, key, &at)) {
		const struct directory found = list_names(s, dirfd);

		at = s->n_directories;
		*ARRAY_ADD(s->directories, s->n_directories) = found;
		map_add(&s->by_inode, key, at);
	}
	return s->directories[at];
}

static void remove_name(struct search *s, int dirfd, const char *name, const struct statx *file)
{
	struct statx st;

	if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) ==
		    0 &&
	    st.stx_ino == file->stx_ino && st.stx_dev_major == file->stx_dev_major &&
	    st.stx_dev_minor == file->stx_dev_minor && st.stx_nlink > 1)
		s->removed += unlinkat(dirfd, name, 0) == 0;
}

/* Removes those names of the file that CRIU has given it. */
static void remove_names(struct search *s, int dirfd, const struct statx *file)
{
	const struct name key = {.inode = file->stx_ino};
	const struct name *first, *found;
	struct directory d;
	struct statx st;

	if (statx(dirfd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return;
	d = look_at_directory(s, dirfd, key_of(0, &st));
	if (d.n == 0 || !map_add(&s->seen, key_of(key_of(0, &st), file), 0))
		return;
	first = s->names + d.first;
	found = bsearch(&key, first, d.n, sizeof(*first), compare_names);
	while (found && found > first && found[-1].inode == key.inode)
		found--;
	for (; found && found < first + d.n && found->inode == key.inode; found++)
		remove_name(s, dirfd, found->text, file);
}

/* A link in /proc to an open file. */
static void look_at_link(struct search *s, int proc, const char *name)
{
	_cleanup_close_ int dirfd = -1;
	char path[PATH_MAX];
	ssize_t n = readlinkat(proc, name, path, sizeof(path) - 1);
	struct statx st;
	size_t len;

	if (n < 0 || n >= (ssize_t)sizeof(path))
		return;
	path[n] = '\0';
	len = length_before(path, LINK_DELETED);
	if (len == 0 || path[0] != '/')
		return;
	path[len] = '\0';
	if (statx(proc, name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) < 0 || st.stx_nlink < 2 ||
	    !map_add(&s->seen, key_of(hash(path), &st), 0))
		return;
	dirfd = open_directory(s->root, path);
	if (dirfd >= 0)
		remove_names(s, dirfd, &st);
}

static int look_at_process(pid_t pid, void *userdata)
{
	static const char *const folders[] = {"fd", "map_files"};
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)pid);
	_cleanup_close_ int proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return 0;
	look_at_link(userdata, proc, "exe");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		_cleanup_closedir_ DIR *dir = directory_at(proc, folders[i]);
		struct dirent *e;

		while (dir && (e = readdir(dir)))
			look_at_link(userdata, dirfd(dir), e->d_name);
	}
	return 0;
}

bool recover_names(pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct search s = {.root = root};

	if (root >= 0)
		for_each_process(init, look_at_process, &s);
	map_clear(&s.by_inode);
	map_clear(&s.seen);
	free(s.directories);
	free(s.names);
	return s.removed > 0;
}
