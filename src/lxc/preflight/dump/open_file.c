/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads what the kernel tells of a file that a process of the container has open. Runs before a
 * dump, in the caller's process, as root, in the host's namespaces, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define FDINFO_MAX 65536

bool open_file_look(struct open_file *f)
{
	return statx(f->dir, f->name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		     &f->st) == 0 &&
	       (f->st.stx_mask & STATX_MNT_ID);
}

bool open_file_is_same(const struct open_file *a, const struct open_file *b)
{
	return a->st.stx_mnt_id == b->st.stx_mnt_id && a->st.stx_ino == b->st.stx_ino &&
	       a->st.stx_dev_major == b->st.stx_dev_major &&
	       a->st.stx_dev_minor == b->st.stx_dev_minor;
}

void open_file_link(const struct open_file *f, char link[LINK_SIZE])
{
	memset(link, 0, LINK_SIZE);
	if (readlinkat(f->dir, f->name, link, LINK_SIZE - 1) < 0)
		*link = '\0';
}

int copy_descriptor(struct survey *s, const struct process *p, int number, mode_t type, ino_t inode)
{
	int fd = scout_copy(&s->scout, p->pid, number, type, inode);

	/* there may be no answer because of something that is no reason by itself */
	if (fd == -ETIMEDOUT && findings_blocking(s->found) == 0)
		findings_add(s->found,
			     FINDING("no-answer", FINDING_BLOCKS, SCOUT_HINT, OF_PROCESS(s, p)),
			     "has a file open (descriptor %d) that cannot be looked at", number);
	return fd;
}

char *open_file_info(const struct open_file *f)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fdinfo/%s", (int)f->process->pid, f->name);
	char *text;

	return read_file_at(AT_FDCWD, path, FDINFO_MAX, &text) < 0 ? NULL : text;
}
