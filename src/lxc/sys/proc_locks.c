/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Parses /proc/locks, and says which locks conflict. Runs in the command and in the monitor, in
 * the host's PID namespace.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/mountinfo.h"
#include "sys/proc_locks.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define LOCKS_MAX     (64 * 1024 * 1024)
#define MOUNTINFO_MAX (64 * 1024 * 1024)

static const struct {
	const char *name;
	enum lock_kind kind;
} kinds[] = {
	{"FLOCK", LOCK_FLOCK},
	{"POSIX", LOCK_RANGE},
	{"OFDLCK", LOCK_RANGE},
	{"LEASE", LOCK_LEASE},
};

static bool find_kind(const char *name, enum lock_kind *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		*ret = kinds[i].kind;
		return true;
	}
	return false;
}

/* "1: FLOCK  ADVISORY  WRITE 123 08:01:4711 0 EOF"; a waiting lock has "->" after its number. */
static bool parse_line(const char *line, struct proc_lock *ret)
{
	char kind[16], how[16], access[16], pid[16], maj[16], min[16], inode[24], start[24],
		end[24];
	char *colon;

	ret->number = strtoull(line, &colon, 10);
	if (colon == line || *colon != ':')
		return false;
	line = colon + 1 + strspn(colon + 1, " ");
	ret->waits = strncmp(line, "->", 2) == 0;
	line += ret->waits ? 2 : 0;
	if (sscanf(line, " %15s %15s %15s %15[-0-9] %15[0-9a-f]:%15[0-9a-f]:%23[0-9] %23[0-9] %23s",
		   kind, how, access, pid, maj, min, inode, start, end) != 9 ||
	    !find_kind(kind, &ret->kind))
		return false;
	ret->write = strcmp(access, "WRITE") == 0;
	ret->pid = (pid_t)strtol(pid, NULL, 10);
	ret->dev = makedev(strtoul(maj, NULL, 16), strtoul(min, NULL, 16));
	ret->inode = strtoull(inode, NULL, 10);
	ret->start = strtoull(start, NULL, 10);
	ret->end = strcmp(end, "EOF") == 0 ? UINT64_MAX : strtoull(end, NULL, 10);
	return true;
}

void proc_locks_parse(char *text, struct proc_locks *ret)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct proc_lock lock = {0};

		if (parse_line(l, &lock))
			*ARRAY_ADD(ret->v, ret->n) = lock;
	}
}

void proc_locks_read(struct proc_locks *ret)
{
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, "/proc/locks", LOCKS_MAX, &text) > 0)
		proc_locks_parse(text, ret);
}

bool proc_lock_conflicts(const struct proc_lock *a, const struct proc_lock *b)
{
	if (a->kind != b->kind || (!a->write && !b->write))
		return false;
	return a->kind != LOCK_RANGE || (a->start <= b->end && b->start <= a->end);
}

const struct proc_lock *proc_locks_holder(const struct proc_locks *l,
					  const struct proc_lock *waiting)
{
	for (const struct proc_lock *p = waiting; p-- > l->v;)
		if (!p->waits && p->number == waiting->number)
			return p;
	return NULL;
}

char *proc_lock_who(const struct proc_lock *l)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/comm", (int)l->pid);
	_cleanup_free_ char *name = NULL;

	if (l->pid <= 0)
		return xstrdup("a process that the kernel does not name");
	/* a lock of flock() stays with any process that has the file from its owner */
	if (read_file_at(AT_FDCWD, path, 64, &name) <= 0)
		return xasprintf("a process that has the file from process %d, which is gone",
				 (int)l->pid);
	name[strcspn(name, "\n")] = '\0';
	make_printable(name);
	return xasprintf("process %d (%s)", (int)l->pid, name);
}

dev_t proc_locks_device(int fd)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ||
	    !(stx.stx_mask & STATX_MNT_ID) ||
	    read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text) <= 0)
		return 0;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		uint64_t id;
		dev_t device;

		if (mountinfo_numbers(l, &id, &device) && id == stx.stx_mnt_id)
			return device;
	}
	return 0;
}

void proc_locks_clear(struct proc_locks *l)
{
	free(l->v);
	*l = (struct proc_locks){0};
}
