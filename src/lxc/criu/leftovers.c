/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds what a killed restore has left of the ghosts of an image. Runs in the command, and after
 * pre-start hooks in the monitor: as root, in the host's namespaces, while the container does not
 * run. Its directories are the container's: nothing in them is trusted.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/image_ghosts.h"
#include "criu/image_names.h"
#include "criu/leftovers.h"
#include "criu/outside_file.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mapped.h"
#include "util/mem.h"

#define REMAPS_MAX (64 * 1024 * 1024)
#define PART	   (64 * 1024)

struct search {
	int image;
	struct criu_files files;
	struct outside outside;
	void (*fn)(const struct leftover *l, void *userdata);
	void *userdata;
};

/* --- what the image has of one --- */

static struct mapped map_ghost(int image, uint32_t id)
{
	_cleanup_free_ char *name = xasprintf(CRIU_GHOST_FORMAT, id);

	return map_file(image, name);
}

/* Every byte there is a zero, or the image's; text: from from on, NULL: it has zeros. */
static bool is_of(int fd, uint64_t from, uint64_t to, const uint8_t *text)
{
	_cleanup_free_ uint8_t *part = xcalloc(PART, 1);

	for (uint64_t at = from; at < to;) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		ssize_t n;

		if (data < 0 && errno == ENXIO)
			return true;
		at = data > (off_t)at ? (uint64_t)data : at;
		if (at >= to)
			return true;
		n = pread(fd, part, MIN(PART, to - at), (off_t)at);
		if (n <= 0)
			return n == 0;
		for (size_t i = 0; i < (size_t)n; i++)
			if (part[i] && (!text || part[i] != text[at - from + i]))
				return false;
		at += (uint64_t)n;
	}
	return true;
}

/* A CRIU that was killed while it wrote has written a part. */
static bool holds_nothing_else(int fd, uint64_t size, const struct criu_ghost *ghost)
{
	struct ghost_chunk chunk;
	struct bytes rest = ghost->content;
	uint64_t at = 0;

	if (size > ghost->size)
		return false;
	while (criu_ghost_take_chunk(ghost, &rest, &chunk)) {
		if (chunk.offset < at || !is_of(fd, at, MIN(chunk.offset, size), NULL) ||
		    !is_of(fd, chunk.offset, MIN(chunk.offset + chunk.data.len, size),
			   chunk.data.p))
			return false;
		at = chunk.offset + chunk.data.len;
	}
	return rest.len == 0 && is_of(fd, at, size, NULL);
}

static bool is_regular_of(const struct leftover *l, const struct stat *found,
			  const struct criu_ghost *ghost)
{
	_cleanup_close_ int fd = openat(l->dirfd, l->entry,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_dev == found->st_dev && st.st_ino == found->st_ino &&
	       holds_nothing_else(fd, (uint64_t)st.st_size, ghost);
}

static bool is_link_of(const struct leftover *l, const struct criu_ghost *ghost)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(l->dirfd, l->entry, target, sizeof(target));

	return n >= 0 && (size_t)n == ghost->target.len &&
	       memcmp(target, ghost->target.p, ghost->target.len) == 0;
}

static bool is_in_image(const struct leftover *l, const struct stat *st,
			const struct criu_ghost *ghost)
{
	if ((st->st_mode & S_IFMT) != (ghost->mode & S_IFMT))
		return false;
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return is_regular_of(l, st, ghost);
	case S_IFLNK:
		return is_link_of(l, ghost);
	case S_IFCHR:
	case S_IFBLK:
		return (uint32_t)st->st_rdev == ghost->rdev;
	default:
		return S_ISFIFO(st->st_mode);
	}
}

/* --- where it is --- */

/* "/a/b/c" becomes "/a/c", as CRIU does where /a/b is not there; false: there is no more. */
static bool leave_out_parent(char *path)
{
	char *name = strrchr(path, '/'), *parent;

	if (name == path)
		return false;
	*name = '\0';
	parent = strrchr(path, '/');
	memmove(parent + 1, name + 1, strlen(name + 1) + 1);
	return true;
}

static int open_directory(struct search *s, const struct criu_file *file)
{
	struct criu_file directory = *file;
	const char *name = strrchr(file->path, '/');
	_cleanup_free_ char *path =
		xstrndup(file->path, name == file->path ? 1 : (size_t)(name - file->path));
	_cleanup_close_ int fd = -1;

	directory.path = path;
	fd = outside_file_open(&s->outside, &directory);
	return fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Finds the folder in which CRIU makes the file; changes path. */
static int find_directory(struct search *s, struct criu_file *file)
{
	int fd;

	do {
		errno = 0;
		fd = open_directory(s, file);
	} while (fd < 0 && errno == ENOENT && leave_out_parent(file->path));
	return fd;
}

static void look_at(struct search *s, const struct criu_file *original,
		    const struct criu_ghost_name *ghost)
{
	_cleanup_free_ char *path = xasprintf("%s.cr.%x.ghost", original->path, ghost->ghost);
	_cleanup_free_ char *name = NULL;
	struct criu_file file = {.path = path, .mount = original->mount};
	_cleanup_close_ int dirfd = find_directory(s, &file);
	const char *own = strrchr(original->path, '/') + 1;
	_cleanup_mapped_ struct mapped image = {0};
	struct leftover l = {.dirfd = dirfd, .entry = strrchr(path, '/') + 1};
	struct criu_ghost about;
	struct stat st, other;

	if (dirfd < 0 || fstatat(dirfd, l.entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	image = map_ghost(s->image, ghost->ghost);
	if (criu_ghost_parse(image.p, image.len, &about)) {
		if (S_ISDIR(about.mode))
			return;
		l.in_image = is_in_image(&l, &st, &about);
	}
	/* CRIU opens the file by its own name, to which it links the other for a moment */
	if (fstatat(dirfd, own, &other, AT_SYMLINK_NOFOLLOW) == 0 && other.st_dev == st.st_dev &&
	    other.st_ino == st.st_ino)
		l.linked = own;
	name = outside_file_name(s->outside.facts, &s->files, &file);
	l.name = name;
	s->fn(&l, s->userdata);
}

/* Whatever their number: each file is looked up at once. */
static void look_for(struct search *s, const struct criu_ghost_name *ghosts, size_t n)
{
	_cleanup_map_ struct map by_id = {0};
	size_t at;

	for (size_t i = 0; i < s->files.n; i++)
		map_add(&by_id, s->files.v[i].id, i);
	for (size_t i = 0; i < n; i++)
		if (map_get(&by_id, ghosts[i].file, &at))
			look_at(s, &s->files.v[at], &ghosts[i]);
}

void leftovers_each(int image, const struct container_facts *facts, const char *rootfs,
		    void (*fn)(const struct leftover *l, void *userdata), void *userdata)
{
	struct search s = {
		.image = image,
		.outside = {.facts = facts, .rootfs = rootfs, .files = &s.files},
		.fn = fn,
		.userdata = userdata,
	};
	_cleanup_free_ struct criu_ghost_name *ghosts = NULL;
	_cleanup_free_ char *remaps = NULL;
	ssize_t len = read_file_at(image, CRIU_REMAPS, REMAPS_MAX, &remaps);
	size_t n = len > 0 ? criu_ghosts_names(remaps, (size_t)len, &ghosts) : 0;

	if (n == 0)
		return;
	criu_files_read_all(image, &s.files);
	look_for(&s, ghosts, n);
	outside_clear(&s.outside);
	criu_files_clear(&s.files);
}

bool criu_is_link_remap(const char *name)
{
	static const char head[] = "link_remap.";
	size_t n = strlen(head);

	return strncmp(name, head, n) == 0 && name[n] != '\0' &&
	       name[n + strspn(name + n, "0123456789")] == '\0';
}
