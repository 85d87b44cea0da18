/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Goes over what the container's processes have open, and hands each file to the check of its kind.
 * Runs before a dump, in the caller's process, as root, in the host's namespaces, and only reads.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

static void check_open_socket(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	if (survey_mount(s, (int)f->st.stx_mnt_id)) {
		open_file_link(f, link);
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has the file of a Unix socket open, rather than the socket (O_PATH), "
			     "which CRIU cannot save: %s",
			     link);
		return;
	}
	check_socket(s, f->process, f->fd, (ino_t)f->st.stx_ino);
}

static void check_file(struct survey *s, const struct open_file *f)
{
	switch (f->st.stx_mode & S_IFMT) {
	case 0:
		check_anonymous(s, f);
		return;
	case S_IFSOCK:
		check_open_socket(s, f);
		return;
	case S_IFCHR:
		check_device(s, f);
		return;
	case S_IFBLK:
		check_block_device(s, f);
		return;
	case S_IFREG:
		check_regular(s, f);
		return;
	case S_IFIFO:
		check_pipe(s, f);
		return;
	default:
		check_place(s, f);
		return;
	}
}

/* CRIU's code in a process makes a file there. n: how many are below the limit. */
static void check_free_descriptor(struct survey *s, const struct process *p,
				  const struct rlimit *limit, rlim_t n)
{
	if (n < limit->rlim_cur)
		return;
	findings_add(s->found,
		     FINDING("no-descriptor", FINDING_BLOCKS,
			     "raise its limit (prlimit --nofile), or stop it", OF_PROCESS(s, p)),
		     "has as many files open as it may (%llu), and CRIU needs one more in it",
		     (unsigned long long)n);
}

void check_files(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)p->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	struct dirent *e;
	rlim_t n = 0;

	(void)prlimit(p->pid, RLIMIT_NOFILE, NULL, &limit);
	check_places(s, p);
	while (dir && (e = readdir(dir))) {
		struct open_file f = {.process = p, .dir = dirfd(dir), .name = e->d_name};

		if (*e->d_name == '.')
			continue;
		f.fd = (int)strtol(e->d_name, NULL, 10);
		s->descriptor = f.fd + 1;
		check_descriptor_number(s, p, f.fd);
		n += (rlim_t)f.fd < limit.rlim_cur;
		if (open_file_look(&f))
			check_file(s, &f);
	}
	s->descriptor = 0;
	check_free_descriptor(s, p, &limit, n);
}
