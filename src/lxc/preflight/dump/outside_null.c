/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether the container's /dev/null can take the place of the host's, which lxc-attach
 * leaves behind in a process, and with --drop-outside of other files and pipes. Runs before a dump,
 * in the caller's process, as root, in the host's namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define MEM_NULL  3
#define EPOLL_MAX (16 * 1024 * 1024) /* what the kernel tells of one */

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

/* --- what an epoll watches: it would not take /dev/null --- */

/* "tfd: 5 events: 19 data: 5  pos:0 ino:2f1 sdev:c": the device as the kernel packs it */
static void note_watched(struct survey *s, const char *text)
{
	static const char word[] = " ino:", next[] = " sdev:";

	for (const char *l = text; (l = strstr(l, word)); l++) {
		char *end;
		const uint64_t inode = strtoull(l + strlen(word), &end, 16);
		unsigned long device;

		if (strncmp(end, next, strlen(next)) != 0)
			continue;
		device = strtoul(end + strlen(next), NULL, 16);
		map_add(&s->watched, sought_key(makedev(device >> 20, device & 0xfffff), inode), 0);
	}
}

static void list_watched_by(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)p->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		const struct open_file f = {.process = p, .dir = dirfd(dir), .name = e->d_name};
		_cleanup_free_ char *info = NULL, *text = NULL;
		char link[LINK_SIZE];

		open_file_link(&f, link);
		if (strcmp(link, "anon_inode:[eventpoll]") != 0)
			continue;
		info = xasprintf("/proc/%d/fdinfo/%s", (int)p->pid, e->d_name);
		if (read_file_at(AT_FDCWD, info, EPOLL_MAX, &text) > 0)
			note_watched(s, text);
	}
}

static bool is_watched(struct survey *s, dev_t dev, uint64_t inode)
{
	for (size_t i = 0; !s->watched_is_known && i < s->n_processes; i++)
		if (s->processes[i].in_tree)
			list_watched_by(s, &s->processes[i]);
	s->watched_is_known = true;
	return map_get(&s->watched, sought_key(dev, inode), NULL);
}

/* As a file with a path; a FIFO or a terminal has more to it. */
static bool is_saved_by_path(const struct open_file *f)
{
	return S_ISREG(f->st.stx_mode) || S_ISDIR(f->st.stx_mode) ||
	       (S_ISCHR(f->st.stx_mode) && f->st.stx_rdev_major == MEM_MAJOR);
}

bool drop_outside_file(struct survey *s, const struct open_file *f)
{
	const dev_t dev = makedev(f->st.stx_dev_major, f->st.stx_dev_minor);

	return s->p->drop_outside && is_saved_by_path(f) && all_have_null(s) &&
	       !is_watched(s, dev, f->st.stx_ino) &&
	       null_files_add(&s->found->outside, (unsigned int)f->st.stx_mnt_id, f->st.stx_ino);
}

bool drop_outside_pipe(struct survey *s, dev_t dev, uint64_t inode)
{
	return s->p->drop_outside && all_have_null(s) && !is_watched(s, dev, inode) &&
	       null_files_add_pipe(&s->found->outside, inode);
}
