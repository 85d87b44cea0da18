/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists the mounts that the container's processes see, and finds those that CRIU cannot save. Runs
 * in the command, as root, on the host; mount tables are the container's.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "carry/slave_mounts.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

/* In all mount namespaces together. CRIU compares each mount with each other one. */
#define MOUNTS_MAX 100000

#define CGROUP_ROOT "/sys/fs/cgroup"

static int compare_texts(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The mount points of the host's mounts and terminals, sorted. */
static void list_outside(struct survey *s)
{
	const struct container_facts *facts = s->p->facts;
	const struct obstacles *o = &facts->obstacles;

	s->outside =
		xcalloc(facts->n_mounts + facts->n_ttys + o->n_mounts + 1, sizeof(*s->outside));
	for (size_t i = 0; i < facts->n_mounts; i++)
		s->outside[s->n_outside++] = facts->mounts[i].target;
	for (size_t i = 0; i < facts->n_ttys; i++)
		s->outside[s->n_outside++] = facts->ttys[i].target;
	for (size_t i = 0; i < o->n_mounts; i++)
		s->outside[s->n_outside++] = o->mounts[i].target;
	qsort(s->outside, s->n_outside, sizeof(*s->outside), compare_texts);
}

static bool is_external(const struct survey *s, const char *target)
{
	return bsearch(&target, s->outside, s->n_outside, sizeof(*s->outside), compare_texts);
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

/* in: the number of a mount, or of a namespace. */
static uint64_t mount_point_key(uint64_t in, const char *path, size_t len)
{
	return XXH3_64bits_withSeed(path, len, in);
}

/* Something is mounted on the root of its parent, or below, and hides the parent's files there. */
static void mark_covered(struct survey *s, struct libmnt_fs *fs)
{
	size_t own, parent;
	const char *target;

	if (mnt_fs_get_parent_id(fs) == mnt_fs_get_id(fs) ||
	    !map_get(&s->mounts_by_id, (uint64_t)mnt_fs_get_id(fs), &own) ||
	    !map_get(&s->mounts_by_id, (uint64_t)mnt_fs_get_parent_id(fs), &parent))
		return;
	target = s->mounts[own].target;
	if (strcmp(s->mounts[parent].target, target) == 0)
		s->mounts[parent].covered = true;
	else
		map_add(&s->mount_points,
			mount_point_key((uint64_t)s->mounts[parent].id, target, strlen(target)),
			own);
}

static bool has_option(struct libmnt_fs *fs, const char *name)
{
	const char *options = mnt_fs_get_vfs_options(fs);

	return options && mnt_optstr_get_option(options, name, NULL, NULL) == 0;
}

/* Its daemon has the end of a pipe to which the kernel writes. */
static void note_automount(struct survey *s, struct libmnt_fs *fs)
{
	const char *options = mnt_fs_get_fs_options(fs);
	char *value = NULL;
	size_t len = 0;

	s->automounts = true;
	if (options && mnt_optstr_get_option(options, "pipe_ino", &value, &len) == 0 && value)
		map_add(&s->automount_pipes, strtoull(value, NULL, 10), 0);
}

static void add_mount(struct survey *s, struct libmnt_fs *fs, const struct process *p)
{
	struct mount *m = ARRAY_ADD(s->mounts, s->n_mounts);
	size_t index = s->n_mounts - 1;

	m->ns = p->ns[NS_MNT];
	m->process = p;
	m->id = mnt_fs_get_id(fs);
	m->parent = mnt_fs_get_parent_id(fs);
	m->dev = mnt_fs_get_devno(fs);
	m->type = copy(mnt_fs_get_fstype(fs));
	m->root = copy(mnt_fs_get_root(fs));
	m->target = copy(mnt_fs_get_target(fs));
	m->source = copy(mnt_fs_get_source(fs));
	m->external = p->pid == s->p->facts->init_pid && is_external(s, m->target);
	m->noexec = has_option(fs, "noexec");
	m->nodev = has_option(fs, "nodev");
	m->idmapped = has_option(fs, "idmapped");
	m->shared = peer_group(fs, "shared:");
	m->master = peer_group(fs, "master:");
	map_add(&s->mounts_by_id, (uint64_t)m->id, index);
	map_add(&s->devices, m->dev, index);
	map_add(&s->mounts_by_target, mount_point_key(m->ns, m->target, strlen(m->target)), index);
	if (m->noexec)
		map_add(&s->noexec_devices, m->dev, index);
	if (m->external)
		map_add(&s->outside_devices, m->dev, index);
	if (strcmp(m->root, "/") == 0)
		map_add(&s->whole_devices, m->dev, index);
	s->keeps_no_content = s->keeps_no_content || loses_content(m);
	if (strcmp(m->type, "autofs") == 0)
		note_automount(s, fs);
}

/*
 * Adds the mounts of a process's mount namespace. CRIU recognizes the host's mounts by their place
 * in init's namespace, and others by these.
 */
static void add_mounts(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)p->pid);
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (mnt_table_parse_file(table, path) < 0)
		mnt_reset_table(table);
	while (mnt_table_next_fs(table, it, &fs) == 0)
		add_mount(s, fs, p);
	mnt_reset_iter(it, MNT_ITER_FORWARD);
	while (mnt_table_next_fs(table, it, &fs) == 0)
		mark_covered(s, fs);
	mnt_free_iter(it);
	mnt_unref_table(table);
}

const struct mount *survey_mount(const struct survey *s, int id)
{
	size_t i;

	return map_get(&s->mounts_by_id, (uint64_t)id, &i) ? &s->mounts[i] : NULL;
}

const struct mount *survey_mount_by_path(const struct survey *s, const struct process *p, dev_t dev,
					 const char *path)
{
	size_t len = strlen(path), i;

	for (;;) {
		if (map_get(&s->mounts_by_target,
			    mount_point_key(p->ns[NS_MNT], path, len ? len : 1), &i) &&
		    s->mounts[i].dev == dev)
			return &s->mounts[i];
		if (len == 0)
			return NULL;
		do
			len--;
		while (len > 0 && path[len] != '/');
	}
}

const struct mount *survey_mount_over(const struct survey *s, const struct mount *m,
				      const char *path)
{
	size_t i, len = strlen(m->target);
	const char *end;

	if (*path != '/' || strncmp(path, m->target, len) != 0)
		return NULL;
	for (end = path + len; *end;) {
		end += *end == '/';
		end += strcspn(end, "/");
		if (map_get(&s->mount_points,
			    mount_point_key((uint64_t)m->id, path, (size_t)(end - path)), &i) &&
		    strncmp(s->mounts[i].target, path, (size_t)(end - path)) == 0)
			return &s->mounts[i];
	}
	return NULL;
}

/* --- what CRIU cannot save
 * ------------------------------------------------------------------------ */

static bool has_external(const struct survey *s, dev_t dev)
{
	return map_get(&s->outside_devices, dev, NULL);
}

/* Whether the whole of the same filesystem is mounted. */
static bool has_whole(const struct survey *s, dev_t dev)
{
	return map_get(&s->whole_devices, dev, NULL);
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Opens the mount as a process that sees it does; -1 if that fails. */
static int open_mount(struct survey *s, const struct mount *m, int flags, struct stat *ret)
{
	bool lost = s->scout.lost;
	int fd = scout_open(&s->scout, m->process->pid, m->target, flags);

	if (fd == -ETIMEDOUT && !lost)
		findings_add(
			s->found,
			FINDING("no-answer", FINDING_BLOCKS, SCOUT_HINT, OF_PROCESS(s, m->process)),
			"has mounted a filesystem on %s that does not answer", m->target);
	/* something else may have been mounted there since */
	if (fd >= 0 && (stat_without_sync(fd, ret) < 0 || ret->st_dev != m->dev))
		fd_close(&fd);
	return fd < 0 ? -1 : fd;
}

/* Whether the mount's directory is not empty. */
static bool has_entries(struct survey *s, const struct mount *m)
{
	struct stat st;
	_cleanup_close_ int fd = open_mount(s, m, O_RDONLY | O_DIRECTORY, &st);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : directory_at(fd, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return true;
	return false;
}

#define EMPTY_AFTERWARDS "whose content CRIU does not save: it will be empty after a restore"

/*
 * CRIU mounts unknown filesystems again (--enable-fs all). CRIU or experience knows that these do
 * not come back that way.
 */
static const struct filesystem {
	const char *type; /* without a subtype, as fuse.sshfs has one */
	bool (*applies)(struct survey *s, const struct mount *m); /* NULL: always */
	const char *check;
	bool blocks;
	const char *why;
} filesystems[] = {
	{"fuse", NULL, "filesystem", true, "which CRIU cannot save"},
	{"fuseblk", NULL, "filesystem", true, "which CRIU cannot save"},
	{"btrfs", NULL, "filesystem", true, "which CRIU cannot mount again"},
	{"overlay", NULL, "filesystem", true,
	 "which CRIU cannot restore: its layers are looked for on the host"},
	{"mqueue", has_entries, "filesystem", true,
	 "with message queues in it, which CRIU cannot save"},
	{"pstore", has_entries, "filesystem", true, "with files in it, which CRIU cannot save"},
	{"ramfs", has_entries, "lost-content", false, EMPTY_AFTERWARDS},
	{"hugetlbfs", has_entries, "lost-content", false, EMPTY_AFTERWARDS},
	{"bpf", has_entries, "lost-content", false, EMPTY_AFTERWARDS},
};

static bool is_type(const char *type, const char *of)
{
	size_t len = strcspn(type, ".");

	return strlen(of) == len && memcmp(type, of, len) == 0;
}

static void check_filesystem(struct survey *s, const struct mount *m)
{
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++) {
		const struct filesystem *f = &filesystems[i];

		if (!is_type(m->type, f->type) || (f->applies && !f->applies(s, m)))
			continue;
		findings_add(s->found,
			     FINDING(f->check, f->blocks ? FINDING_BLOCKS : FINDING_WARNING,
				     "unmount it in the container, or remove it from the "
				     "container's config"),
			     "the container has mounted a filesystem of type %s on %s, %s", m->type,
			     m->target, f->why);
	}
}

/* A filesystem may be mounted twice, or be visible in several mount namespaces. */
static bool is_first(const struct survey *s, const struct mount *m)
{
	size_t first;

	return map_get(&s->whole_devices, m->dev, &first) && m == &s->mounts[first];
}

/* Whether a file is mounted, as systemd does with a service's memory.pressure. */
static bool is_on_file(struct survey *s, const struct mount *m)
{
	struct stat st;
	_cleanup_close_ int fd = open_mount(s, m, O_PATH, &st);

	return fd >= 0 && S_ISREG(st.st_mode);
}

/* The part of the container's cgroups that it shows: "" for all, NULL for something else. */
static const char *part_of_cgroups(const struct survey *s, const struct mount *m)
{
	return strcmp(m->type, "cgroup2") == 0 ? facts_below_cgroup(s->p->facts, m->root) : NULL;
}

static bool has_all_cgroups(struct survey *s)
{
	for (size_t i = 0; s->shows_cgroups == ANSWER_UNKNOWN && i < s->n_mounts; i++) {
		const char *part = part_of_cgroups(s, &s->mounts[i]);

		if (part && *part == '\0')
			s->shows_cgroups = ANSWER_YES;
	}
	if (s->shows_cgroups == ANSWER_UNKNOWN)
		s->shows_cgroups = ANSWER_NO;
	return s->shows_cgroups == ANSWER_YES;
}

/* CRIU mounts all cgroups, and a part of them from there: see carry/mounts_save.c. */
static bool is_part_that_exists(struct survey *s, const struct mount *m)
{
	_cleanup_free_ char *path = xasprintf(CGROUP_ROOT "%s", m->root);
	struct stat here, there;
	_cleanup_close_ int fd = open_mount(s, m, O_PATH, &there);

	return fd >= 0 && stat(path, &here) == 0 && here.st_ino == there.st_ino &&
	       is_fixed(s, CRIU_CHANGED_MOUNTS) && has_all_cgroups(s);
}

static void check_cgroup_mount(struct survey *s, const struct mount *m)
{
	const char *part = part_of_cgroups(s, m);
	_cleanup_free_ char *install = NULL;
	bool old;

	if (part ? *part == '\0' || is_part_that_exists(s, m) : !is_on_file(s, m))
		return;
	install = criu_feature_remedy(CRIU_CHANGED_MOUNTS);
	old = !is_fixed(s, CRIU_CHANGED_MOUNTS);
	findings_add(s->found,
		     FINDING("cgroup-file", FINDING_BLOCKS, old ? install : "unmount it",
			     OF_PROCESS(s, m->process)),
		     old ? "has a part of a cgroup filesystem mounted on %s (%s), which this CRIU "
			   "cannot restore"
			 : "has a part of a cgroup filesystem mounted on %s (%s) that is not among "
			   "the container's cgroups, or not any more, which CRIU cannot restore",
		     m->target, m->root);
}

/* CRIU does not see it. Of the rootfs inspect/mounts.c knows. */
static void check_idmapped(struct survey *s, const struct mount *m, dev_t rootfs, ino_t init_ns)
{
	if (!m->idmapped || m->ns == init_ns || (m->dev == rootfs && s->p->facts->rootfs_idmapped))
		return;
	findings_add(s->found,
		     FINDING("mount-options", FINDING_BLOCKS,
			     "stop that process; of a service of systemd's: set DynamicUser=no or "
			     "PrivateUsers=no in its unit",
			     OF_PROCESS(s, m->process)),
		     "has a mount %s that translates IDs (idmapped), which CRIU would restore "
		     "without that",
		     m->target);
}

/* Whether the container's init sees the same socket: carry/mounted_sockets_save.c */
static bool has_source(struct survey *s, const struct mount *m, const struct stat *socket)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct mount *from = &s->mounts[i];
		_cleanup_free_ char *path = NULL;
		_cleanup_close_ int fd = -1;
		struct stat st;

		if (from->dev != m->dev || !from->process ||
		    from->process->pid != s->p->facts->init_pid)
			continue;
		path = path_by_mount(from->root, from->target, m->root);
		fd = path ? scout_open(&s->scout, from->process->pid, path, O_PATH) : -1;
		if (fd >= 0 && stat_without_sync(fd, &st) == 0 && st.st_ino == socket->st_ino &&
		    st.st_dev == socket->st_dev)
			return true;
	}
	return false;
}

/*
 * CRIU makes the socket anew, but after the mounts: there would be nothing to mount, or the mount
 * would show the old one. In mount namespaces of processes it is mounted later.
 */
static void check_mounted_socket(struct survey *s, const struct mount *m)
{
	struct stat st;
	_cleanup_close_ int fd = -1;

	if (m->external || strcmp(m->root, "/") == 0 || has_external(s, m->dev) ||
	    starts_with(m->type, "cgroup") || strcmp(m->type, "proc") == 0 ||
	    strcmp(m->type, "sysfs") == 0 || strcmp(m->type, "devpts") == 0)
		return;
	fd = open_mount(s, m, O_PATH, &st);
	if (fd < 0 || !S_ISSOCK(st.st_mode) ||
	    (m->process->pid != s->p->facts->init_pid && survey_shows(s, m) &&
	     has_source(s, m, &st)))
		return;
	findings_add(s->found,
		     FINDING("mounted-socket", FINDING_BLOCKS, "unmount it, or mount its directory",
			     OF_PROCESS(s, m->process)),
		     "has a socket (%s) mounted on %s, which CRIU cannot restore", m->root,
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
		findings_add(
			s->found,
			FINDING("mount-root", FINDING_BLOCKS,
				"unmount it in the container; of a service of systemd's with "
				"DynamicUser= or PrivateTmp=disconnected: set PrivateTmp=yes in "
				"its unit, and restart it"),
			"%s shows a part (%s) of a filesystem of type %s that the "
			"container has not mounted, which CRIU cannot save",
			m->target, m->root, m->type);
	}
}

bool is_tracefs(const struct mount *m)
{
	return strcmp(m->type, "tracefs") == 0;
}

/* CRIU omits a tracefs, and fails at a mount whose parent it does not know. */
static void check_parent(struct survey *s, const struct mount *m)
{
	const struct mount *parent = survey_mount(s, m->parent);

	if (parent && is_tracefs(parent) && !is_tracefs(m))
		findings_add(s->found,
			     FINDING("filesystem", FINDING_BLOCKS, "unmount it in the container"),
			     "a filesystem of type %s is mounted on %s, in a tracefs, which "
			     "CRIU cannot save",
			     m->type, m->target);
}

void survey_mounts(struct survey *s)
{
	const struct process *init = process_of(s, s->p->facts->init_pid);
	_cleanup_map_ struct map seen = {0};

	if (!init)
		return;
	list_outside(s);
	map_add(&seen, init->ns[NS_MNT], 0);
	add_mounts(s, init);
	for (size_t i = 0; i < s->n_processes && s->n_mounts <= MOUNTS_MAX; i++) {
		const struct process *p = &s->processes[i];

		if (p->in_tree && p->ns[NS_MNT] && map_add(&seen, p->ns[NS_MNT], 0))
			add_mounts(s, p);
	}
	if (s->n_mounts > MOUNTS_MAX)
		findings_add(s->found,
			     FINDING("too-many-mounts", FINDING_BLOCKS,
				     "unmount those that are not needed, in the container"),
			     "the container has more than %d mounts in its mount namespaces, "
			     "which CRIU would take too long for",
			     MOUNTS_MAX);
}

void check_mounts(struct survey *s)
{
	const struct process *init = process_of(s, s->p->facts->init_pid);
	ino_t init_ns = init ? init->ns[NS_MNT] : 0;
	dev_t rootfs = 0;

	if (!init)
		return;
	survey_mounts(s);
	for (size_t i = 0; i < s->n_mounts; i++)
		if (strcmp(s->mounts[i].target, "/") == 0 && s->mounts[i].ns == init_ns)
			rootfs = s->mounts[i].dev;
	for (size_t i = 0; i < s->n_mounts; i++) {
		check_mount(s, &s->mounts[i], rootfs);
		check_mounted_socket(s, &s->mounts[i]);
		check_idmapped(s, &s->mounts[i], rootfs, init_ns);
		check_parent(s, &s->mounts[i]);
		check_deleted_mount(s, &s->mounts[i]);
	}
	check_propagation(s, rootfs, init_ns);
}
