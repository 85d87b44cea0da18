/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks files that can be used, but not opened or mapped another time: options of a mount, or
 * attributes and modes of a file, have changed since. Runs before a dump, in the caller's process,
 * as root, in the host's namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define NR_OPEN	   "/proc/sys/fs/nr_open"
#define CRIU_FILES 256 /* CRIU's own descriptors come after those of the process */

static void found_option(struct survey *s, const struct process *p, const struct mount *m,
			 const char *option, const char *how, const char *path)
{
	_cleanup_free_ char *remedy =
		xasprintf("in the container, mount -o remount,%s %s", option, m->target);

	findings_add(s->found, FINDING("remounted", FINDING_BLOCKS, remedy, OF_PROCESS(s, p)),
		     "%s on a mount that now has the option no%s, so CRIU could not open it again: "
		     "%s",
		     how, option, path);
}

static void check_attributes(struct survey *s, const struct open_file *f, long long flags,
			     const char *path)
{
	bool immutable = f->st.stx_attributes & STATX_ATTR_IMMUTABLE;
	bool append = f->st.stx_attributes & STATX_ATTR_APPEND;

	if ((flags & O_ACCMODE) == O_RDONLY || !(immutable || (append && !(flags & O_APPEND))))
		return;
	findings_add(s->found,
		     FINDING("file-attribute", FINDING_BLOCKS,
			     immutable ? "in the container, remove the attribute (chattr -i)"
				       : "in the container, remove the attribute (chattr -a)",
			     OF_PROCESS(s, f->process)),
		     "has a file open for writing that is now %s (chattr), so CRIU could not open "
		     "it again: %s",
		     immutable ? "immutable" : "append-only", path);
}

void check_reopening(struct survey *s, const struct open_file *f, const struct mount *m,
		     const char *path)
{
	bool device = m->nodev && (S_ISCHR(f->st.stx_mode) || S_ISBLK(f->st.stx_mode));
	_cleanup_free_ char *info = NULL;
	long long flags;

	if (!device && !(f->st.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)))
		return;
	info = open_file_info(f);
	flags = info ? field_number(info, "flags", 8) : O_PATH;
	if (flags & O_PATH)
		return;
	if (device)
		found_option(s, f->process, m, "dev", "has a device open", path);
	check_attributes(s, f, flags, path);
}

void check_code_mount(struct survey *s, const struct process *p, const struct mount *m,
		      const char *path)
{
	if (m->noexec)
		found_option(s, p, m, "exec", "has code mapped from a file", path);
}

/* The kernel wants to see that the program may be executed, by anybody, before it takes it. */
void check_program_mode(struct survey *s, const struct process *p, const struct statx *st,
			const char *path)
{
	if (!S_ISREG(st->stx_mode) || (st->stx_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return;
	findings_add(s->found,
		     FINDING("program-mode", FINDING_BLOCKS,
			     "in the container, allow it again (chmod +x), or stop that process",
			     OF_PROCESS(s, p)),
		     "runs a program that nobody may execute any more, so a restore could not run "
		     "it: %s",
		     path);
}

/* The highest number of a descriptor and one that CRIU gets, with its capabilities or without. */
static int descriptor_limit(void)
{
	_cleanup_free_ char *text = NULL;
	struct rlimit own = {0};

	if (!have_cap(CAP_SYS_RESOURCE) && getrlimit(RLIMIT_NOFILE, &own) == 0)
		return own.rlim_max > INT_MAX ? INT_MAX : (int)own.rlim_max;
	if (read_file_at(AT_FDCWD, NR_OPEN, 64, &text) > 0)
		return (int)strtol(text, NULL, 10);
	return INT_MAX;
}

void check_descriptor_number(struct survey *s, const struct process *p, int fd)
{
	if (s->descriptor_limit == 0)
		s->descriptor_limit = descriptor_limit();
	if (fd < s->descriptor_limit - CRIU_FILES)
		return;
	findings_add(s->found,
		     FINDING("descriptor-number", FINDING_BLOCKS,
			     "stop that process, or raise fs.nr_open on the host",
			     OF_PROCESS(s, p)),
		     "has a descriptor that is too close to the limit of %d: a restore needs some "
		     "after it (descriptor %d)",
		     s->descriptor_limit, fd);
}
