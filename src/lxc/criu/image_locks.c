/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CRIU's image of the locks on files. Read by the command, or by the monitor after hooks, as root.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "criu/image_locks.h"
#include "criu/image_names.h"
#include "util/fd.h"
#include "util/mem.h"

#define LOCK_FLAG  1 /* of an entry in filelocks.img */
#define LOCK_TYPE  2
#define LOCK_PID   3
#define LOCK_FD	   4
#define LOCK_START 5
#define LOCK_LEN   6

#define IDS_FILES 2 /* of an entry in ids-PID.img */

#define FDINFO_ID    1 /* of an entry in fdinfo-ID.img */
#define FDINFO_TYPE  3
#define FDINFO_FD    4
#define TYPE_REGULAR 1

#define FLAG_POSIX 1 /* CRIU's */
#define FLAG_FLOCK 2
#define FLAG_OFD   4
#define FLAG_LEASE 8

#define IMAGE_MAX (64 * 1024 * 1024)

static bool kind_of(uint64_t flag, enum lock_kind *ret)
{
	if (flag & FLAG_FLOCK)
		*ret = LOCK_FLOCK;
	else if (flag & (FLAG_POSIX | FLAG_OFD))
		*ret = LOCK_RANGE;
	else if (flag & FLAG_LEASE)
		*ret = LOCK_LEASE;
	else
		return false;
	return true;
}

static void add_lock(struct criu_locks *locks, struct bytes entry)
{
	uint64_t flag = 0, len = 0;
	struct criu_lock l = {.fd = -1};
	struct field f = {0};

	while (take_field(&entry, &f)) {
		if (f.number == LOCK_FLAG)
			flag = f.value;
		else if (f.number == LOCK_TYPE)
			l.lock.write = (f.value & 1) == F_WRLCK;
		else if (f.number == LOCK_PID)
			l.pid = (pid_t)f.value;
		else if (f.number == LOCK_FD)
			l.fd = (int)f.value;
		else if (f.number == LOCK_START)
			l.lock.start = f.value;
		else if (f.number == LOCK_LEN)
			len = f.value;
	}
	l.lock.end = len && len <= UINT64_MAX - l.lock.start ? l.lock.start + len - 1 : UINT64_MAX;
	if (kind_of(flag, &l.lock.kind))
		*ARRAY_ADD(locks->v, locks->n) = l;
}

void criu_locks_add(struct criu_locks *locks, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_LOCKS))
		return;
	while (take_entry(&image, &entry))
		add_lock(locks, entry);
}

bool criu_locks_files_id(const void *text, size_t len, uint32_t *ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct field f = {0};

	if (!take_magic(&image, MAGIC_IDS) || !take_entry(&image, &entry))
		return false;
	while (take_field(&entry, &f)) {
		if (f.number != IDS_FILES)
			continue;
		*ret = (uint32_t)f.value;
		return true;
	}
	return false;
}

bool criu_locks_file(const void *text, size_t len, int fd, uint32_t *ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_FDINFO))
		return false;
	while (take_entry(&image, &entry)) {
		uint64_t id = 0, type = 0, number = UINT64_MAX;
		struct field f = {0};

		while (take_field(&entry, &f)) {
			if (f.number == FDINFO_ID)
				id = f.value;
			else if (f.number == FDINFO_TYPE)
				type = f.value;
			else if (f.number == FDINFO_FD)
				number = f.value;
		}
		if (fd >= 0 && number == (uint64_t)fd && type == TYPE_REGULAR) {
			*ret = (uint32_t)id;
			return true;
		}
	}
	return false;
}

/* The descriptors of one process; NULL: they are not known. Caller frees. */
static char *read_fdinfo(int dirfd, pid_t pid, size_t *ret_len)
{
	_cleanup_free_ char *ids_name = xasprintf(CRIU_IDS_FORMAT, (int)pid);
	_cleanup_free_ char *ids = NULL, *name = NULL;
	ssize_t n = read_file_at(dirfd, ids_name, IMAGE_MAX, &ids);
	char *text = NULL;
	uint32_t id;

	if (n <= 0 || !criu_locks_files_id(ids, (size_t)n, &id))
		return NULL;
	name = xasprintf(CRIU_FDINFO_FORMAT, id);
	n = read_file_at(dirfd, name, IMAGE_MAX, &text);
	*ret_len = n > 0 ? (size_t)n : 0;
	return n > 0 ? text : NULL;
}

bool criu_image_has_locks(int dirfd)
{
	return faccessat(dirfd, "filelocks.img", F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

void criu_locks_read(int dirfd, struct criu_locks *ret)
{
	_cleanup_free_ char *text = NULL, *fdinfo = NULL;
	ssize_t n = read_file_at(dirfd, CRIU_LOCKS, IMAGE_MAX, &text);
	size_t len = 0;

	if (n > 0)
		criu_locks_add(ret, text, (size_t)n);
	/* those of one process stand together */
	for (size_t i = 0; i < ret->n; i++) {
		struct criu_lock *l = &ret->v[i];

		if (i == 0 || ret->v[i - 1].pid != l->pid) {
			free(fdinfo);
			fdinfo = read_fdinfo(dirfd, l->pid, &len);
		}
		l->known = fdinfo && criu_locks_file(fdinfo, len, l->fd, &l->file);
	}
}

void criu_locks_clear(struct criu_locks *l)
{
	free(l->v);
	*l = (struct criu_locks){0};
}
