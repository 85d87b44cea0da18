/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Before a restore: the files that are not in the checkpoint, and are to be as they were. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preflight/compat.h"
#include "util/fd.h"
#include "util/mem.h"

/* Of files that differ as many are named; after an upgrade it can be all. */
#define NAMED_MAX 8

/* As much as CRIU looks through for a build ID. */
#define ELF_MAX (1024 * 1024)

/* --- the rootfs --- */

void check_rootfs(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;
	struct stat st;
	bool moved;

	if (!r->rootfs || stat(r->rootfs, &st) < 0)
		return;
	moved = strcmp(r->rootfs, facts->rootfs) != 0;
	if (facts->rootfs_inode && facts->rootfs_inode != st.st_ino)
		findings_tell(
			found, "rootfs", FINDING_WARNING, NULL,
			"if it is a copy, it has to be one of after the checkpoint",
			"the rootfs %s is another directory than the one of the checkpoint%s%s",
			r->rootfs, moved ? ", " : "", moved ? facts->rootfs : "");
	else if (moved)
		findings_tell(found, "rootfs", FINDING_NOTE, NULL, NULL,
			      "the rootfs was %s and is %s", facts->rootfs, r->rootfs);
}

/* --- what is mounted of the host's --- */

static void check_source(const struct ext_mount *m, struct findings *found)
{
	struct stat st;

	if (stat(m->source, &st) < 0)
		findings_tell(found, "mount-source", FINDING_BLOCKS, NULL,
			      "bring it back and restore again",
			      "%s, which the container had on %s, is not on this host", m->source,
			      m->target);
	else if (m->kind && (strcmp(m->kind, "directory") == 0) != S_ISDIR(st.st_mode))
		findings_tell(found, "mount-source", FINDING_BLOCKS, NULL,
			      "put back what it was and restore again",
			      "%s, which the container had on %s, was a %s and is %s", m->source,
			      m->target, m->kind, S_ISDIR(st.st_mode) ? "a directory" : "none");
}

void check_sources(const struct restore_check *r, struct findings *found)
{
	for (size_t i = 0; i < r->manifest->facts.n_mounts; i++)
		check_source(&r->manifest->facts.mounts[i], found);
}

/* --- files that processes have open, mapped, or as their program --- */

struct walk {
	const struct restore_check *r;
	struct findings *found;
	const struct criu_files *files;
	time_t made; /* when the checkpoint was */
	size_t differ;
};

static const struct ext_mount *source_of(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->facts.n_mounts; i++)
		if (strcmp(m->facts.mounts[i].key, key) == 0)
			return &m->facts.mounts[i];
	return NULL;
}

static int open_below(const char *top, const char *rest)
{
	_cleanup_close_ int root = open(top, O_PATH | O_CLOEXEC);

	if (root < 0 || !*rest)
		return TAKE_FD(root);
	return open_in_root(root, rest, O_PATH);
}

/*
 * O_PATH of the file as the restored container will see it. -1: errno; 0 there is no
 * telling, because it is in a filesystem that is in the checkpoint itself.
 */
static int open_file(const struct walk *w, const struct criu_file *file)
{
	const struct criu_mount *mount = criu_files_mount(w->files, file->mount);
	const struct ext_mount *source =
		mount && mount->key ? source_of(w->r->manifest, mount->key) : NULL;
	_cleanup_free_ char *rest = source ? NULL : criu_files_in_rootfs(w->files, file);
	const char *below = source ? criu_files_below(file->path, mount->target) : NULL;
	int fd = -1;

	errno = 0;
	if (below)
		fd = open_below(source->source, below);
	else if (rest)
		fd = open_below(w->r->rootfs, rest);
	return fd;
}

static bool build_id_differs(int place, const struct criu_file *file)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", place);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = xcalloc(ELF_MAX, 1);
	uint8_t id[BUILD_ID_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, text, ELF_MAX);
	size_t len = n > 0 ? elf_build_id(text, (size_t)n, id) : 0;

	return len && (len != file->build_id_len || memcmp(id, file->build_id, len) != 0);
}

/* What CRIU would stumble over; NULL: nothing. *ret_force: whether it can be told not to look. */
static char *difference(const struct walk *w, const struct criu_file *file, bool *ret_force)
{
	_cleanup_close_ int fd = open_file(w, file);
	struct stat st;

	*ret_force = false;
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? xstrdup("is not there") : NULL;
	if (fstat(fd, &st) < 0)
		return NULL;
	if (file->has_mode && (file->mode & S_IFMT) != (st.st_mode & S_IFMT))
		return xstrdup("is of another kind");
	if (file->has_size && file->size != (uint64_t)st.st_size)
		return xasprintf("had %llu bytes and has %llu", (unsigned long long)file->size,
				 (unsigned long long)st.st_size);
	*ret_force = true;
	if (file->has_mode && file->mode != st.st_mode)
		return xasprintf("had the mode %04o and has %04o", file->mode & 07777,
				 (unsigned int)st.st_mode & 07777);
	/* a time that is not older says that there may be a difference, and no more */
	if (file->build_id_len && st.st_ctime >= w->made && build_id_differs(fd, file))
		return xstrdup("is another build");
	return NULL;
}

static void check_file(struct walk *w, const struct criu_file *file)
{
	bool force;
	_cleanup_free_ char *what = difference(w, file, &force);
	_cleanup_free_ char *rest = what ? criu_files_in_rootfs(w->files, file) : NULL;
	/* its path may be that of another root than the container's */
	_cleanup_free_ char *name = rest ? xasprintf("/%s", rest) : NULL;

	if (!what || w->differ++ >= NAMED_MAX)
		return;
	findings_tell(w->found, "open-file", FINDING_BLOCKS, force ? "rootfs" : NULL,
		      "put it back as it was, from a backup of the time of the checkpoint",
		      "%s, which a process has open or runs, %s", name ? name : file->path, what);
}

static time_t time_of(const char *created)
{
	struct tm tm = {0};

	return strptime(created, "%Y-%m-%dT%H:%M:%SZ", &tm) ? timegm(&tm) : 0;
}

void check_open_files(const struct restore_check *r, struct findings *found)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	struct walk w = {.r = r, .found = found, .files = &files};

	if (r->image < 0 || !r->rootfs)
		return;
	w.made = time_of(r->manifest->created);
	criu_files_read(r->image, &files);
	for (size_t i = 0; i < files.n; i++)
		check_file(&w, &files.v[i]);
	if (w.differ > NAMED_MAX)
		findings_tell(found, "open-file", FINDING_BLOCKS, NULL,
			      "put them back as they were",
			      "%zu more files that processes have open or run differ",
			      w.differ - NAMED_MAX);
}
