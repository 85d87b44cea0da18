/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the files that are not in the checkpoint, and must be unchanged. Runs in the command, or
 * in the monitor after pre-start hooks, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "carry/source_filesystem.h"
#include "criu/outside_file.h"
#include "preflight/restore/restore_checks.h"
#include "storage/rootfs_identity.h"
#include "util/fd.h"
#include "util/mem.h"

/* How many differing files are named; after an upgrade all may differ. */
#define NAMED_MAX 8

/* Length of the part that CRIU searches for a build ID. */
#define ELF_MAX (1024 * 1024)

/* --- the rootfs --- */

static void check_directory(const struct restore_check *r, struct findings *found)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *what = NULL;
	struct stat st;
	bool moved;

	if (stat(r->rootfs_path, &st) < 0) {
		findings_add(found,
			     FINDING("rootfs", FINDING_BLOCKS,
				     "mount it, or correct lxc.rootfs.path in the configuration"),
			     "the rootfs %s is missing", r->rootfs_path);
		return;
	}
	moved = strcmp(r->rootfs_path, facts->rootfs) != 0;
	if (rootfs_compare_directory(facts, r->rootfs_path, &what) != ROOTFS_SAME)
		findings_add(found,
			     FINDING("rootfs", FINDING_BLOCKS, "mount on it what was mounted there",
				     .force = "rootfs"),
			     "the rootfs %s is not the one of the checkpoint: %s", r->rootfs_path,
			     what);
	else if (facts->rootfs_inode && facts->rootfs_inode != st.st_ino)
		findings_add(
			found,
			FINDING("rootfs", FINDING_WARNING,
				"a copy must be from after the checkpoint"),
			"the rootfs %s is another directory than the one of the checkpoint%s%s",
			r->rootfs_path, moved ? ", " : "", moved ? facts->rootfs : "");
	else if (moved)
		findings_add(found, FINDING("rootfs", FINDING_NOTE, NULL),
			     "the rootfs was %s and is %s", facts->rootfs, r->rootfs_path);
}

/* A rootfs that LXC mounts: of its layers, file or device something else may have the name now. */
static void check_mounted(const struct restore_check *r, enum rootfs_kind kind,
			  struct findings *found)
{
	_cleanup_free_ char *what = NULL;
	const enum rootfs_change change =
		rootfs_compare(&r->manifest->facts, kind, r->rootfs_path, &what);

	if (change == ROOTFS_COPY)
		findings_add(found,
			     FINDING("rootfs", FINDING_WARNING,
				     "a copy must be from after the checkpoint"),
			     "the rootfs is a copy of the one of the checkpoint: %s", what);
	else if (change != ROOTFS_SAME)
		findings_add(found,
			     FINDING("rootfs", FINDING_BLOCKS,
				     "put it back as it was, and restore again",
				     .force = change == ROOTFS_ANOTHER ? "rootfs" : NULL),
			     "the rootfs %s is not the one of the checkpoint: %s", r->rootfs_path,
			     what);
	else if (strcmp(r->rootfs_path, r->manifest->facts.rootfs) != 0)
		findings_add(found, FINDING("rootfs", FINDING_NOTE, NULL),
			     "the rootfs was %s and is %s", r->manifest->facts.rootfs,
			     r->rootfs_path);
}

void check_rootfs(const struct restore_check *r, struct findings *found)
{
	const enum rootfs_kind kind =
		r->rootfs_path ? rootfs_kind_of(r->rootfs_path) : ROOTFS_MISSING;

	if (!r->rootfs_path)
		return;
	if (rootfs_kind_word(kind) || r->manifest->facts.rootfs_kind)
		check_mounted(r, kind, found);
	else
		check_directory(r, found);
}

/* --- what is mounted of the host's --- */

/* Whether this is probably the host of the checkpoint. */
static bool has_same_rootfs(const struct restore_check *r)
{
	uint64_t then = r->manifest->facts.rootfs_inode;
	struct stat st;

	return then && r->rootfs && stat(r->rootfs, &st) == 0 && st.st_ino == then;
}

static void tell_missing(const struct ext_mount *m, struct findings *found)
{
	_cleanup_free_ char *remedy =
		xasprintf("mount it on %s again, and restore again", m->mount_point);

	/* pseudo filesystems have nothing to lose */
	findings_add(
		found,
		FINDING("mount-source",
			filesystem_is_kernels(m->filesystem) ? FINDING_WARNING : FINDING_BLOCKS,
			remedy, .force = "rootfs"),
		"%s, which the container had on %s, was in a filesystem (%s) that was "
		"mounted on %s and is not mounted now",
		m->source, m->target, m->filesystem, m->mount_point);
}

/* On another host, with a copy of the files, the filesystem is certainly another one. */
static void tell_another(const struct restore_check *r, const struct ext_mount *m,
			 const struct source_filesystem *now, struct findings *found)
{
	bool blocks = strcmp(m->mount_point, "/") != 0 &&
		      strcmp(m->mount_point, now->mount_point) == 0 && has_same_rootfs(r) &&
		      !filesystem_is_kernels(m->filesystem);

	findings_add(found,
		     FINDING("mount-source", blocks ? FINDING_BLOCKS : FINDING_WARNING,
			     "make sure that the content is what the container had",
			     .force = "rootfs"),
		     "%s, which the container had on %s, is in another filesystem than at the "
		     "checkpoint: %s%s%s on %s (then: %s%s%s on %s)",
		     m->source, m->target, now->type, now->identity ? " " : "",
		     now->identity ? now->identity : "", now->mount_point, m->filesystem,
		     m->identity ? " " : "", m->identity ? m->identity : "", m->mount_point);
}

static void check_filesystem(const struct restore_check *r, const struct ext_mount *m,
			     struct host_mounts *mounts, struct findings *found)
{
	const struct source_filesystem then = {
		.mount_point = m->mount_point,
		.type = m->filesystem,
		.identity = m->identity,
		.inode = m->inode,
	};
	struct source_filesystem now = {0};
	enum source_change change;

	if (!m->mount_point || !m->filesystem ||
	    source_filesystem_read(mounts, m->source, &now) < 0)
		return;
	change = source_filesystem_compare(&then, &now);
	if (change == SOURCE_MISSING)
		tell_missing(m, found);
	else if (change == SOURCE_ANOTHER)
		tell_another(r, m, &now, found);
	source_filesystem_clear(&now);
}

static void check_source(const struct restore_check *r, const struct ext_mount *m,
			 struct host_mounts *mounts, struct findings *found)
{
	struct stat st;

	if (stat(m->source, &st) < 0)
		findings_add(
			found,
			FINDING("mount-source", FINDING_BLOCKS, "bring it back and restore again"),
			"%s, which the container had on %s, is not on this host", m->source,
			m->target);
	else if (m->kind && (strcmp(m->kind, "directory") == 0) != S_ISDIR(st.st_mode))
		findings_add(found,
			     FINDING("mount-source", FINDING_BLOCKS,
				     "put it back as it was, and restore again"),
			     "%s, which the container had on %s, was a %s and is %s", m->source,
			     m->target, m->kind, S_ISDIR(st.st_mode) ? "a directory" : "none");
	else
		check_filesystem(r, m, mounts, found);
}

void check_sources(const struct restore_check *r, struct findings *found)
{
	_cleanup_host_mounts_ struct host_mounts mounts = {0};

	for (size_t i = 0; i < r->manifest->facts.n_mounts; i++)
		check_source(r, &r->manifest->facts.mounts[i], &mounts, found);
}

/* --- files that processes have open, mapped, or as their program --- */

/* The verdicts on a file, and the word for --force that overrides each. */
enum verdict {
	VERDICT_SAME,
	VERDICT_FORM,  /* CRIU fails, and no option helps */
	VERDICT_MODE,  /* CRIU has an option to skip this check ... */
	VERDICT_BUILD, /* ... and at this */
	VERDICT_STALE, /* CRIU does not notice */
	VERDICT_OLDER,
	VERDICT_HOOK, /* a pre-start hook has written it since, as at each start */
	N_VERDICTS,
};

static const struct telling {
	const char *check;
	enum finding_kind kind;
	const char *force;
	const char *remedy;
} tellings[N_VERDICTS] = {
	[VERDICT_FORM] = {"open-file", FINDING_BLOCKS, NULL,
			  "put it back as it was, from a backup of the time of the checkpoint"},
	[VERDICT_MODE] = {"open-file", FINDING_BLOCKS, "rootfs",
			  "put it back as it was, from a backup of the time of the checkpoint"},
	[VERDICT_BUILD] = {"open-file", FINDING_BLOCKS, "rootfs",
			   "put it back as it was, from a backup of the time of the checkpoint"},
	[VERDICT_STALE] = {"stale", FINDING_BLOCKS, "stale",
			   "roll the container's files back to the time of the checkpoint"},
	[VERDICT_OLDER] = {"stale", FINDING_WARNING, NULL, NULL},
	[VERDICT_HOOK] = {"stale", FINDING_NOTE, NULL, NULL},
};

struct walk {
	const struct restore_check *r;
	struct outside *outside;
	struct findings *found;
	const struct criu_files *files;
	const struct file_times *times;
	time_t made; /* the time of the checkpoint */
	size_t differ[N_VERDICTS];
};

static bool build_id_differs(const struct walk *w, const struct criu_file *file)
{
	_cleanup_close_ int place = outside_file_open(w->outside, file);
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", place);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = xcalloc(ELF_MAX, 1);
	uint8_t id[BUILD_ID_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, text, ELF_MAX);
	size_t len = n > 0 ? elf_build_id(text, (size_t)n, id) : 0;

	return len && (len != file->build_id_len || memcmp(id, file->build_id, len) != 0);
}

/* Returns the reason why CRIU would fail, or NULL. */
static char *difference(const struct walk *w, const struct criu_file *file, const struct stat *st,
			enum verdict *ret)
{
	const struct file_time *then = file_times_find(w->times, file->id);
	_cleanup_free_ char *when = NULL;

	*ret = VERDICT_FORM;
	if (file->has_mode && (file->mode & S_IFMT) != (st->st_mode & S_IFMT))
		return xstrdup("is of another kind");
	if (file->has_size && file->size != (uint64_t)st->st_size) {
		when = then && file_time_compare(then, st) == FILE_NEWER
			       ? stale_when(st->st_mtim.tv_sec)
			       : NULL;
		return xasprintf("had %llu bytes and has %llu%s%s", (unsigned long long)file->size,
				 (unsigned long long)st->st_size, when ? "; it " : "",
				 when ? when : "");
	}
	*ret = VERDICT_MODE;
	if (file->has_mode && file->mode != st->st_mode)
		return xasprintf("had the mode %04o and has %04o", file->mode & 07777,
				 (unsigned int)st->st_mode & 07777);
	*ret = VERDICT_BUILD;
	/* only a file that changed since the checkpoint may differ */
	/* do not open devices */
	if (file->build_id_len && S_ISREG(st->st_mode) && st->st_ctime >= w->made &&
	    build_id_differs(w, file))
		return xstrdup("is another build");
	*ret = VERDICT_SAME;
	return NULL;
}

static void tell(struct walk *w, const struct criu_file *file, enum verdict verdict,
		 const char *what)
{
	const struct telling *t = &tellings[verdict];
	/* its path may be relative to another root than the container's */
	_cleanup_free_ char *name = outside_file_name(&w->r->manifest->facts, w->files, file);

	if (w->differ[verdict]++ < NAMED_MAX)
		findings_add(w->found, FINDING(t->check, t->kind, t->remedy, .force = t->force),
			     "%s, which a process has open or runs, %s", name, what);
}

static bool is_since(const struct timespec *t, const struct timespec *began)
{
	return t->tv_sec > began->tv_sec ||
	       (t->tv_sec == began->tv_sec && t->tv_nsec >= began->tv_nsec);
}

/* Written, and not merely given another owner; nobody can set the time of the last change. */
static bool is_by_hook(const struct walk *w, const struct stat *st)
{
	const struct timespec *began = w->r->hooks_began;

	return began && is_since(&st->st_mtim, began) && is_since(&st->st_ctim, began);
}

/* Differences that only we notice. */
static void check_time_of(struct walk *w, const struct criu_file *file, const struct stat *st)
{
	const struct file_time *then = file_times_find(w->times, file->id);
	enum file_age age = then ? file_time_compare(then, st) : FILE_SAME;
	_cleanup_free_ char *what = age == FILE_SAME ? NULL : stale_text(then, st, age);

	if (what)
		tell(w, file,
		     age == FILE_OLDER	 ? VERDICT_OLDER
		     : is_by_hook(w, st) ? VERDICT_HOOK
					 : VERDICT_STALE,
		     what);
}

static void check_file(struct walk *w, const struct criu_file *file)
{
	_cleanup_free_ char *what = NULL;
	enum verdict verdict;
	struct stat st;
	int r = outside_file_look(w->outside, file, &st);

	if (r == -ENOENT || r == -ENOTDIR)
		tell(w, file, VERDICT_FORM, "is missing");
	if (r != 0)
		return;
	what = difference(w, file, &st, &verdict);
	if (what)
		tell(w, file, verdict, what);
	/* with another build or size, the time adds nothing */
	if (!what || verdict == VERDICT_MODE)
		check_time_of(w, file, &st);
}

static void tell_rest(const struct walk *w)
{
	for (size_t i = 0; i < N_VERDICTS; i++)
		if (w->differ[i] > NAMED_MAX)
			findings_add(w->found,
				     FINDING(tellings[i].check, tellings[i].kind,
					     tellings[i].remedy, .force = tellings[i].force),
				     "%zu more files that processes have open or run differ%s",
				     w->differ[i] - NAMED_MAX,
				     i == VERDICT_STALE ? ": they were changed" : "");
}

static time_t time_of(const char *created)
{
	struct tm tm = {0};

	return strptime(created, "%Y-%m-%dT%H:%M:%SZ", &tm) ? timegm(&tm) : 0;
}

/* Groups the same file, the entry with the most details first. */
static int compare_paths(const void *a, const void *b)
{
	const struct criu_file *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	if (r == 0)
		r = x->mount < y->mount ? -1 : x->mount > y->mount;
	return r ? r : (int)y->has_size - (int)x->has_size;
}

/* Checks a file once, however many processes have it open. */
static bool is_same(const struct criu_file *a, const struct criu_file *b)
{
	return strcmp(a->path, b->path) == 0 && a->mount == b->mount;
}

void check_open_files(const struct restore_check *r, struct findings *found)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	_cleanup_file_times_ struct file_times times = {0};
	_cleanup_outside_ struct outside outside = {
		.facts = &r->manifest->facts, .rootfs = r->rootfs, .files = &files};
	struct walk w = {
		.r = r,
		.outside = &outside,
		.found = found,
		.files = &files,
		.times = &times,
	};

	if (r->image < 0 || !r->rootfs)
		return;
	w.made = time_of(r->manifest->created);
	criu_files_read(r->image, &files);
	stale_read(r->image, r->image_path, &times);
	if (files.n > 1)
		qsort(files.v, files.n, sizeof(*files.v), compare_paths);
	for (size_t i = 0; i < files.n; i++)
		if (i == 0 || !is_same(&files.v[i - 1], &files.v[i]))
			check_file(&w, &files.v[i]);
	tell_rest(&w);
}
