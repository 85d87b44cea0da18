/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mounts that the container's processes see, and those among them that CRIU cannot save. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preflight/private.h"
#include "util/fd.h"
#include "util/mem.h"

static bool is_external(const struct container_facts *facts, const char *target)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].target, target) == 0)
			return true;
	for (size_t i = 0; i < facts->n_ttys; i++)
		if (strcmp(facts->ttys[i].target, target) == 0)
			return true;
	return false;
}

/* "shared:5 master:2" */
static int peer_group(struct libmnt_fs *fs, const char *word)
{
	const char *fields = mnt_fs_get_optional_fields(fs);
	const char *p = fields ? strstr(fields, word) : NULL;

	return p ? (int)strtol(p + strlen(word), NULL, 10) : 0;
}

static char *copy(const char *text)
{
	return xstrdup(text ? text : "");
}

/* Whether something is mounted on its root, so that its own files are out of sight. */
static bool is_covered(struct libmnt_table *table, struct libmnt_fs *fs)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *other;
	bool covered = false;

	while (!covered && mnt_table_next_fs(table, it, &other) == 0)
		covered = mnt_fs_get_parent_id(other) == mnt_fs_get_id(fs) && other != fs &&
			  strcmp(mnt_fs_get_target(other), mnt_fs_get_target(fs)) == 0;
	mnt_free_iter(it);
	return covered;
}

/* CRIU knows those of the host by their place in init's mount namespace, and others by these. */
void survey_mounts(struct survey *s, pid_t pid, ino_t ns)
{
	bool is_init = pid == s->p->facts->init_pid;
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)pid);
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (mnt_table_parse_file(table, path) < 0)
		mnt_reset_table(table);
	while (mnt_table_next_fs(table, it, &fs) == 0) {
		struct mount *m = ARRAY_ADD(s->mounts, s->n_mounts);

		m->ns = ns;
		m->id = mnt_fs_get_id(fs);
		m->dev = mnt_fs_get_devno(fs);
		m->type = copy(mnt_fs_get_fstype(fs));
		m->root = copy(mnt_fs_get_root(fs));
		m->target = copy(mnt_fs_get_target(fs));
		m->source = copy(mnt_fs_get_source(fs));
		m->external = is_init && is_external(s->p->facts, m->target);
		m->covered = is_covered(table, fs);
		m->shared = peer_group(fs, "shared:");
		m->master = peer_group(fs, "master:");
	}
	mnt_free_iter(it);
	mnt_unref_table(table);
}

const struct mount *survey_mount(const struct survey *s, int id)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].id == id)
			return &s->mounts[i];
	return NULL;
}

/* --- what CRIU cannot save
 * ------------------------------------------------------------------------ */

static bool has_external(const struct survey *s, dev_t dev)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].dev == dev && s->mounts[i].external)
			return true;
	return false;
}

/* Of the same filesystem, and its whole. */
static bool has_whole(const struct survey *s, dev_t dev)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].dev == dev && strcmp(s->mounts[i].root, "/") == 0)
			return true;
	return false;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Something is in the directory that a mount shows. */
static bool has_entries(const struct survey *s, const struct mount *m)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)s->p->facts->init_pid);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd =
		root < 0 ? -1 : open_in_root(root, m->target, O_RDONLY | O_DIRECTORY);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : directory_at(fd, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return true;
	return false;
}

/*
 * CRIU mounts anew what it does not know (--enable-fs all). These are known, to
 * it or from experience, not to come back that way.
 */
static const struct filesystem {
	const char *type; /* "fuse." is also the beginning of a type */
	bool (*applies)(const struct survey *s, const struct mount *m); /* NULL: always */
	const char *check;
	bool blocks;
	const char *why;
} filesystems[] = {
	{"fuse", NULL, "filesystem", true, "which CRIU cannot save"},
	{"btrfs", NULL, "filesystem", true, "which CRIU cannot mount anew"},
	{"overlay", NULL, "filesystem", true,
	 "which CRIU cannot restore: its layers are looked for on the host"},
	{"mqueue", has_entries, "filesystem", true,
	 "with message queues in it, which CRIU cannot save"},
	{"pstore", has_entries, "filesystem", true, "with files in it, which CRIU cannot save"},
	{"ramfs", has_entries, "lost-content", false,
	 "whose content CRIU does not save: it will be empty after a restore"},
};

static void check_filesystem(struct survey *s, const struct mount *m)
{
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++) {
		const struct filesystem *f = &filesystems[i];

		if (strcmp(m->type, f->type) != 0 || (f->applies && !f->applies(s, m)))
			continue;
		found_container(s, f->check, f->blocks,
				"unmount it in the container, or take it out of the container's "
				"config",
				"the container has mounted a filesystem of type %s on %s, %s",
				m->type, m->target, f->why);
	}
}

/* The same one may be mounted twice, or seen from several mount namespaces. */
static bool is_first(const struct survey *s, const struct mount *m)
{
	for (const struct mount *other = s->mounts; other < m; other++)
		if (other->dev == m->dev && strcmp(other->root, "/") == 0)
			return false;
	return true;
}

static const struct process *process_in(const struct survey *s, ino_t ns)
{
	for (size_t i = 0; i < s->n_processes; i++)
		if (s->processes[i].in_tree && s->processes[i].ns[NS_MNT] == ns)
			return &s->processes[i];
	return NULL;
}

/* What is mounted is a file, as systemd does with a service's memory.pressure. */
static bool is_on_file(const struct survey *s, const struct mount *m)
{
	const struct process *p = process_in(s, m->ns);
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", p ? (int)p->pid : 0);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = root < 0 ? -1 : open_in_root(root, m->target, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void check_cgroup_mount(struct survey *s, const struct mount *m)
{
	if (is_on_file(s, m))
		found_process(s, process_in(s, m->ns), "cgroup-file", true,
			      "unmount it; of a service of systemd's: forbid namespaces in the "
			      "container, with lxc.include = " LXC_CHECKPOINT_CONF " in its "
			      "config, and start it anew",
			      "has a file of a cgroup mounted on %s, which CRIU cannot restore",
			      m->target);
}

static void check_mount(struct survey *s, const struct mount *m, dev_t rootfs)
{
	if (m->external || m->dev == rootfs || has_external(s, m->dev))
		return;
	if (starts_with(m->type, "cgroup")) {
		check_cgroup_mount(s, m);
		return;
	}
	if (strcmp(m->root, "/") == 0 && is_first(s, m)) {
		check_filesystem(s, m);
		check_block_filesystem(s, m);
	} else if (strcmp(m->root, "/") != 0 && !has_whole(s, m->dev)) {
		found_container(s, "mount-root", true, "unmount it in the container",
				"%s shows a part (%s) of a filesystem of type %s that the "
				"container has not mounted, which CRIU cannot save",
				m->target, m->root, m->type);
	}
}

static bool is_surveyed(const struct survey *s, ino_t ns)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].ns == ns)
			return true;
	return false;
}

void check_mounts(struct survey *s)
{
	pid_t init = s->p->facts->init_pid;
	ino_t init_ns = 0;
	dev_t rootfs = 0;

	for (size_t i = 0; i < s->n_processes; i++)
		if (s->processes[i].pid == init)
			init_ns = s->processes[i].ns[NS_MNT];
	survey_mounts(s, init, init_ns);
	for (size_t i = 0; i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];

		if (p->in_tree && p->ns[NS_MNT] && !is_surveyed(s, p->ns[NS_MNT]))
			survey_mounts(s, p->pid, p->ns[NS_MNT]);
	}
	for (size_t i = 0; i < s->n_mounts; i++)
		if (strcmp(s->mounts[i].target, "/") == 0 && s->mounts[i].ns == init_ns)
			rootfs = s->mounts[i].dev;
	for (size_t i = 0; i < s->n_mounts; i++)
		check_mount(s, &s->mounts[i], rootfs);
	check_propagation(s, rootfs, init_ns);
}
