/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether another process holds a file lock that CRIU would take again, and for which it
 * would wait without a limit. Runs in the command, or in the monitor after pre-start hooks, as root
 * on the host.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "criu/image_locks.h"
#include "criu/outside_file.h"
#include "preflight/restore/restore_checks.h"
#include "util/fd.h"
#include "util/mem.h"

#define NAMED_MAX 8

/* The kind in words; a lease means that others may not have the file open. */
static const char *kind_name(enum lock_kind kind)
{
	return kind == LOCK_FLOCK ? "flock" : kind == LOCK_LEASE ? "a lease" : "fcntl";
}

static int compare_inodes(const void *a, const void *b)
{
	const struct proc_lock *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* Sorted by inode: the first lock of that inode, or NULL. */
static const struct proc_lock *first_of(const struct proc_locks *held, uint64_t inode)
{
	size_t low = 0, high = held->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (held->v[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < held->n && held->v[low].inode == inode ? &held->v[low] : NULL;
}

/* NULL: no lock conflicts with ours. */
static const struct proc_lock *find_holder(const struct proc_locks *held, int fd,
					   const struct proc_lock *ours)
{
	const struct proc_lock *l, *end = held->v + held->n;
	struct stat st;
	dev_t dev;

	if (fstat(fd, &st) < 0 || !(l = first_of(held, st.st_ino)))
		return NULL;
	dev = proc_locks_device(fd);
	for (; l < end && l->inode == st.st_ino; l++)
		if ((l->dev == st.st_dev || l->dev == dev) && !l->waits &&
		    proc_lock_conflicts(ours, l))
			return l;
	return NULL;
}

static int compare_files(const void *a, const void *b)
{
	const struct criu_file *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Whether there is one. */
static bool check_lock(const struct restore_check *r, const struct criu_files *files,
		       const struct criu_lock *lock, const struct proc_locks *held, bool quiet,
		       struct findings *found)
{
	const struct criu_file key = {.id = lock->file};
	const struct criu_file *file = lock->known && files->n ? bsearch(&key, files->v, files->n,
									 sizeof(key), compare_files)
							       : NULL;
	_cleanup_outside_ struct outside outside = {
		.facts = &r->manifest->facts, .rootfs = r->rootfs, .files = files};
	_cleanup_close_ int fd = file ? outside_file_open(&outside, file) : -1;
	const struct proc_lock *holder = fd < 0 ? NULL : find_holder(held, fd, &lock->lock);
	_cleanup_free_ char *who = holder && !quiet ? proc_lock_who(holder) : NULL;

	if (who)
		findings_add(found,
			     FINDING("file-lock", FINDING_BLOCKS,
				     "make that process release the lock, or stop it, and restore "
				     "again"),
			     "%s, on which process %d in the container had a lock, is locked by %s "
			     "(%s)",
			     file->path, (int)lock->pid, who, kind_name(holder->kind));
	return holder != NULL;
}

void check_locks(const struct restore_check *r, struct findings *found)
{
	_cleanup_criu_locks_ struct criu_locks locks = {0};
	_cleanup_proc_locks_ struct proc_locks held = {0};
	_cleanup_criu_files_ struct criu_files files = {0};
	size_t n = 0;

	if (r->image < 0 || !r->rootfs)
		return;
	criu_locks_read(r->image, &locks);
	if (locks.n == 0)
		return;
	proc_locks_read(&held);
	if (held.n == 0)
		return;
	criu_files_read(r->image, &files);
	qsort(held.v, held.n, sizeof(*held.v), compare_inodes);
	if (files.n > 1)
		qsort(files.v, files.n, sizeof(*files.v), compare_files);
	for (size_t i = 0; i < locks.n; i++)
		n += check_lock(r, &files, &locks.v[i], &held, n >= NAMED_MAX, found);
	if (n > NAMED_MAX)
		findings_add(found,
			     FINDING("file-lock", FINDING_BLOCKS,
				     "make their holders release them, and restore again"),
			     "%zu more locks of the container are held by others", n - NAMED_MAX);
}
