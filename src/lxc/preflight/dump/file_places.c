/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks open files that have a place in the container, or should have: whether CRIU can open them
 * there again. Runs before a dump, in the caller's process, as root, in the host's namespaces, and
 * only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define BLOCK	     512 /* of stx_blocks */
#define PIPE	     "pipe:["
#define STEADY_LOOKS 16 /* at a file that would be refused */

/* "net:[4026531840]": 4026531840; 0 where it is nothing like it */
static ino_t namespace_in(const char *link)
{
	const char *p = link + strspn(link, "abcdefghijklmnopqrstuvwxyz_");

	return p > link && strncmp(p, ":[", 2) == 0 ? (ino_t)strtoull(p + 2, NULL, 10) : 0;
}

static const struct {
	long magic;
	const char *what;
	const char *remedy;
} special_filesystems[] = {
	{0x19800202, "has a message queue open, which CRIU cannot save", "stop that process"},
};

/* No mount of the container has it. */
static void found_outside(struct survey *s, const struct open_file *f, const char *link)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd/%s", (int)f->process->pid, f->name);
	ino_t ns = namespace_in(link);
	long magic = 0;

	/* memory without a name, which can be opened by the way of its mapping */
	if (strcmp(link, "/dev/zero (deleted)") == 0 && S_ISREG(f->st.stx_mode))
		return;
	if (strncmp(link, "/memfd:", strlen("/memfd:")) == 0 ||
	    strncmp(link, PIPE, strlen(PIPE)) == 0)
		return;
	if (file_kind(link)) {
		found_kind(s, f->process, link);
		return;
	}
	if (ns) {
		if (!map_get(&s->namespaces, ns, NULL))
			findings_add(s->found,
				     FINDING("namespace-file", FINDING_BLOCKS, "stop that process",
					     OF_PROCESS(s, f->process)),
				     "holds a namespace that no process of the container is in "
				     "(%s)",
				     link);
		return;
	}
	scout_filesystem(&s->scout, path, &magic);
	for (size_t i = 0; i < sizeof(special_filesystems) / sizeof(special_filesystems[0]); i++)
		if (magic == special_filesystems[i].magic) {
			findings_add(s->found,
				     FINDING("file-kind", FINDING_BLOCKS,
					     special_filesystems[i].remedy,
					     OF_PROCESS(s, f->process)),
				     "%s", special_filesystems[i].what);
			return;
		}
	if (replace_by_null(s, f))
		return;
	if (drop_outside_file(s, f))
		findings_add(s->found,
			     FINDING("outside-file", FINDING_WARNING, DROPPED_REMEDY,
				     OF_PROCESS(s, f->process)),
			     "has a file open that is on no mount of the container, and has "
			     "/dev/null in its place after a restore: %s",
			     link);
	else
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS,
				     "stop that process, or redirect its input and output to files "
				     "of the container; of usual files, --drop-outside saves "
				     "/dev/null instead",
				     OF_PROCESS(s, f->process)),
			     "has a file open that is on no mount of the container: %s", link);
}

void found_name(struct survey *s, const struct process *p, const char *how, const char *why)
{
	findings_add(
		s->found,
		FINDING("long-name", FINDING_BLOCKS,
			"restart that process, or rename the folder or file to something shorter",
			OF_PROCESS(s, p)),
		"%s whose %s, which CRIU cannot save", how, why);
}

/* Its name in /proc, as long as it is. */
struct long_link {
	char path[PATH_MAX + 1];
	ssize_t len; /* or -errno */
};

static void read_long_link(const struct open_file *f, struct long_link *ret)
{
	ssize_t n = readlinkat(f->dir, f->name, ret->path, sizeof(ret->path) - 1);

	ret->len = n < 0 ? -errno : n;
	ret->path[n < 0 || n >= (ssize_t)sizeof(ret->path) ? 0 : n] = '\0';
}

/* Whether the name by which the file was opened is gone. */
static bool is_deleted(const struct long_link *link)
{
	return length_before(link->path, LINK_DELETED) > 0;
}

/*
 * The kernel tells no path of a page or more, and CRIU wants a byte less. And of a file that has
 * lost this name and has another CRIU asks by the first with " (deleted)" behind it.
 */
static const char *name_wrong(const struct open_file *f, const struct long_link *link)
{
	const char *name = strrchr(link->path, '/');

	if (link->len < 0 ? link->len == -ENAMETOOLONG : link->len > CRIU_LINK_MAX)
		return "path is too long";
	if (name && f->st.stx_nlink > 0 && strlen(name + 1) > NAME_MAX && is_deleted(link))
		return "name, of more than 245 bytes, is deleted, while it has another";
	return NULL;
}

static void check_name(struct survey *s, const struct open_file *f, const struct long_link *link,
		       const char *how)
{
	const char *wrong = name_wrong(f, link);

	if (wrong)
		found_name(s, f->process, how, wrong);
}

static void check_open_name(struct survey *s, const struct open_file *f,
			    const struct long_link *link)
{
	const char *wrong = name_wrong(f, link);
	_cleanup_free_ char *how =
		wrong ? xasprintf("has a file open (descriptor %d)", f->fd) : NULL;

	if (how)
		found_name(s, f->process, how, wrong);
}

/*
 * CRIU opens files by their paths, and would find another file or none. what: "has a file open".
 * Returns whether something is mounted over the path on m.
 */
static bool check_covered(struct survey *s, const struct process *p, const struct mount *m,
			  const char *what, const char *path)
{
	const struct mount *over = m->covered ? m : survey_mount_over(s, m, path);

	if (!over)
		return false;
	findings_add(
		s->found,
		FINDING("covered-file", FINDING_BLOCKS,
			"unmount what is mounted over it, or stop that process", OF_PROCESS(s, p)),
		"%s on %s, over which something else is mounted: %s", what, over->target, path);
	return true;
}

/* Explains that the file is on no mount that CRIU can open it from. m: its mount, or NULL. */
static void found_no_place(struct survey *s, const struct open_file *f, const struct mount *m)
{
	char link[LINK_SIZE];

	open_file_link(f, link);
	if (!*link)
		return;
	if (m)
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a file of a tracefs open, which CRIU cannot save: %s", link);
	else
		found_outside(s, f, link);
}

void check_content(struct survey *s, const struct process *p, const struct mount *m,
		   const char *path, const char *how)
{
	if (!loses_content(m) || strcmp(path, m->target) == 0)
		return;
	findings_add(s->found,
		     FINDING("lost-content", FINDING_BLOCKS,
			     "stop that process, or have it use a tmpfs or a memfd",
			     OF_PROCESS(s, p)),
		     "%s on a %s, whose content CRIU does not save, so that a restore could not "
		     "open it: %s",
		     how, m->type, path);
}

/*
 * CRIU gives a file that has lost the name by which it was opened, and has another, a name of its
 * own to restore it by. It removes that name when the container runs on.
 */
static void check_kept_link(struct survey *s, const struct open_file *f,
			    const struct long_link *link)
{
	if (s->p->stop || !S_ISREG(f->st.stx_mode) || f->st.stx_nlink == 0 || !is_deleted(link))
		return;
	findings_add(s->found,
		     FINDING("renamed-link", FINDING_WARNING,
			     "use -s, or restart that process before the checkpoint",
			     OF_PROCESS(s, f->process)),
		     "has a file open by a name that is deleted, while the file has another: "
		     "CRIU removes what a restore needs of it when the container runs on: %s",
		     link->path);
}

/*
 * Whether file and path belong to each other. A shell that redirects its output exchanges a file
 * again and again, and the path that we have read can be another's.
 */
static bool is_steady(const struct open_file *f, const struct long_link *link)
{
	struct open_file now = *f;
	struct long_link other;

	for (int i = 0; i < STEADY_LOOKS; i++) {
		if (!open_file_look(&now) || !open_file_is_same(&now, f))
			return false;
		read_long_link(&now, &other);
		if (strcmp(other.path, link->path) != 0)
			return false;
	}
	return true;
}

bool check_place(struct survey *s, const struct open_file *f)
{
	const size_t before = s->found->n;
	const char *how = S_ISDIR(f->st.stx_mode) ? "has a folder open" : "has a file open";
	const struct mount *m = survey_mount(s, (int)f->st.stx_mnt_id);
	struct long_link link;

	if (!m || is_tracefs(m)) {
		found_no_place(s, f, m);
		return false;
	}
	read_long_link(f, &link);
	if (check_covered(s, f->process, m, how, link.path)) {
		if (!is_steady(f, &link))
			findings_cut(s->found, before);
		return false;
	}
	check_open_name(s, f, &link);
	check_proc_file(s, f->process, m, "has a file open:", link.path);
	check_deleted_place(s, f->process, m, link.path, &f->st, how);
	check_content(s, f->process, m, link.path, how);
	check_kept_link(s, f, &link);
	check_reopening(s, f, m, link.path);
	return true;
}

void check_regular(struct survey *s, const struct open_file *f)
{
	uint64_t size = f->st.stx_blocks * BLOCK;
	char link[LINK_SIZE];

	if (!check_place(s, f) || f->st.stx_nlink > 0)
		return;
	s->deleted_bytes += size;
	if (size <= s->p->ghost_limit)
		return;
	open_file_link(f, link);
	findings_add(s->found,
		     FINDING("deleted-file", FINDING_BLOCKS,
			     "restart that process, or raise the limit (ghost_limit)",
			     OF_PROCESS(s, f->process)),
		     "has a deleted file open that is larger than the limit: %s", link);
}

/* CRIU makes its files anew. */
static bool is_saved_with_content(const struct survey *s, const struct mount *m)
{
	const struct process *init = process_of(s, s->p->facts->init_pid);

	return strcmp(m->type, "tmpfs") == 0 && !map_get(&s->outside_devices, m->dev, NULL) &&
	       init && !survey_mount_by_path(s, init, m->dev, "/");
}

static bool is_pipe(const struct open_file *f)
{
	char link[LINK_SIZE];

	open_file_link(f, link);
	return strncmp(link, PIPE, strlen(PIPE)) == 0;
}

void check_pipe(struct survey *s, const struct open_file *f)
{
	const struct mount *m = survey_mount(s, (int)f->st.stx_mnt_id);
	_cleanup_free_ char *info = open_file_info(f);

	/* others are there whatever becomes of the container, and their other ends with them */
	if (info && (m ? is_saved_with_content(s, m) : is_pipe(f)))
		note_pipe(s, f, m, info);
	/* systemd's pipes to the kernel's automounter are such, and CRIU knows them */
	if (info && (field_number(info, "flags", 8) & O_DIRECT) && !s->automounts)
		findings_add(s->found,
			     FINDING("packet-pipe", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a pipe in packet mode open (O_DIRECT), which CRIU cannot save");
	if (check_place(s, f) && info && (field_number(info, "flags", 8) & O_PATH))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a FIFO open without access to it (O_PATH), which CRIU cannot "
			     "save");
}

/* Checks a program or working directory: m is its mount, or NULL if that is not the container's. */
#define PROGRAM "runs a program"

static void check_one_place(struct survey *s, const struct process *p, const struct mount *m,
			    const char *what, const char *link)
{
	if (!m && p->container_pid == 1 && strcmp(what, PROGRAM) == 0)
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS,
				     "start the container with lxc-start, and name the program in "
				     "lxc.init.cmd",
				     OF_PROCESS(s, p)),
			     "runs a program of the host, as lxc-execute does, which a restore "
			     "would not find in the container: %s",
			     link);
	else if (!m)
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS,
				     "stop it; lxc-attach may have passed it on", OF_PROCESS(s, p)),
			     "%s that is on no mount of the container: %s", what, link);
	else if (is_tracefs(m))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop it", OF_PROCESS(s, p)),
			     "%s in a tracefs, which CRIU cannot save: %s", what, link);
	else if (!check_covered(s, p, m, what, link))
		check_proc_file(s, p, m, what, link);
}

void check_places(struct survey *s, const struct process *p)
{
	static const struct {
		const char *name, *what;
	} places[] = {
		{"exe", PROGRAM}, {"cwd", "is in a directory"}, {"root", "has a root directory"}};
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)p->pid);
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		struct open_file f = {.process = p, .dir = dir, .name = places[i].name, .fd = -1};
		const struct mount *m;
		struct long_link link;

		if (!open_file_look(&f))
			continue;
		read_long_link(&f, &link);
		check_name(s, &f, &link, places[i].what);
		m = survey_mount(s, (int)f.st.stx_mnt_id);
		check_one_place(s, p, m, places[i].what, link.path);
		if (m && i == 0)
			check_program_mode(s, p, &f.st, link.path);
		if (m)
			check_content(s, p, m, link.path, places[i].what);
		if (m && S_ISDIR(f.st.stx_mode))
			check_deleted_place(s, p, m, link.path, &f.st, places[i].what);
	}
}
