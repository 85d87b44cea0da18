/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether the container's /dev/null can take the place of the host's, which lxc-attach
 * leaves behind in a process. Runs before a dump, in the caller's process, as root, in the host's
 * namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"

#define MEM_NULL 3

/* Looks at /dev/null as the process sees it. */
static bool has_null(struct survey *s, const struct process *p)
{
	_cleanup_close_ int fd = scout_open(&s->scout, p->pid, "/dev/null", O_PATH);
	struct stat st;

	return fd >= 0 && stat_without_sync(fd, &st) == 0 && st.st_mode == NULL_FILE_MODE &&
	       st.st_rdev == makedev(MEM_MAJOR, MEM_NULL);
}

/* CRIU does not say in which mount namespace it will look, so each has to have one. */
static bool all_have_null(struct survey *s)
{
	ino_t last = 0;

	if (s->has_null != ANSWER_UNKNOWN)
		return s->has_null == ANSWER_YES;
	s->has_null = ANSWER_YES;
	/* those of a namespace follow each other */
	for (size_t i = 0; i < s->n_mounts; i++) {
		if (s->mounts[i].ns == last)
			continue;
		last = s->mounts[i].ns;
		if (!has_null(s, s->mounts[i].process))
			s->has_null = ANSWER_NO;
	}
	return s->has_null == ANSWER_YES;
}

bool replace_by_null(struct survey *s, const struct open_file *f)
{
	return S_ISCHR(f->st.stx_mode) && f->st.stx_rdev_major == MEM_MAJOR &&
	       f->st.stx_rdev_minor == MEM_NULL && all_have_null(s) &&
	       null_files_add(&s->found->outside, (unsigned int)f->st.stx_mnt_id, f->st.stx_ino);
}
