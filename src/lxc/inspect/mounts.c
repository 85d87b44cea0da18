/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the container's mounts whose content is on the host, and their paths there. Runs in the
 * caller's process, as root, in the host's namespaces. It looks into the container only through a
 * scout, and refuses nothing: it records what no checkpoint can save as an obstacle in the facts.
 */
#include "config.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xxhash.h>

#include "carry/block_filesystems.h"
#include "carry/source_filesystem.h"
#include "inspect/mounted_rootfs.h"
#include "inspect/mounts.h"
#include "sys/mountflags.h"
#include "sys/process.h"
#include "sys/scout.h"
#include "sys/tty.h"
#include "util/fd.h"

/* Unix98 ptys, as devpts has them. */
#define PTY_SLAVE_MAJOR	     136
#define PTY_SLAVE_MAJOR_LAST 143

static const char *fs_root(struct libmnt_fs *fs)
{
	const char *root = mnt_fs_get_root(fs);

	return root ? root : "/";
}

static const char *fs_type(struct libmnt_fs *fs)
{
	const char *type = mnt_fs_get_fstype(fs);

	return type ? type : "";
}

/* The rest of path after prefix, at the end of a component; NULL: path is not below prefix. */
static const char *path_beneath(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strcmp(prefix, "/") == 0)
		return path;
	if (strncmp(path, prefix, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

static bool table_has_device(struct libmnt_table *table, dev_t dev)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	bool found = false;

	while (!found && mnt_table_next_fs(table, it, &fs) == 0)
		found = mnt_fs_get_devno(fs) == dev;
	mnt_free_iter(it);
	return found;
}

enum mount_class mount_classify(struct libmnt_fs *fs, struct libmnt_fs *root,
				struct libmnt_table *host)
{
	const char *type = fs_type(fs);

	/* Any pty except the multiplexer: the monitor, outside, holds its master. */
	if (strcmp(type, "devpts") == 0 && strcmp(fs_root(fs), "/") != 0 &&
	    strcmp(fs_root(fs), "/ptmx") != 0)
		return MOUNT_TTY;
	/* There is one instance for the whole machine, but CRIU knows how to place it. */
	if (strncmp(type, "cgroup", strlen("cgroup")) == 0)
		return MOUNT_OWN;
	/* A bind of a part of the rootfs comes back with the rootfs. */
	if (mnt_fs_get_devno(fs) == mnt_fs_get_devno(root) &&
	    path_beneath(fs_root(fs), fs_root(root)))
		return MOUNT_OWN;
	/* A superblock that the host has mounted too is the host's. */
	if (table_has_device(host, mnt_fs_get_devno(fs)))
		return MOUNT_EXTERNAL;
	return MOUNT_OWN;
}

struct strv mount_source_candidates(struct libmnt_fs *fs, struct libmnt_table *host)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_BACKWARD);
	struct strv found = {0};
	struct libmnt_fs *h;
	size_t best = 0;

	while (mnt_table_next_fs(host, it, &h) == 0) {
		const char *rest = path_beneath(fs_root(fs), fs_root(h));
		const char *target = mnt_fs_get_target(h);

		if (!rest || !target || *target != '/' ||
		    mnt_fs_get_devno(h) != mnt_fs_get_devno(fs))
			continue;
		rest += strspn(rest, "/");
		if (strcmp(target, "/") == 0)
			target = "";
		if (*rest || !*target)
			strv_add(&found, "%s/%s", target, rest);
		else
			strv_add(&found, "%s", target);
		/* the longest root is the closest mount: to the front */
		if (strlen(fs_root(h)) > best) {
			char *last = found.v[found.n - 1];

			memmove(found.v + 1, found.v, (found.n - 1) * sizeof(*found.v));
			found.v[0] = last;
			best = strlen(fs_root(h));
		}
	}
	mnt_free_iter(it);
	return found;
}

int tty_index(const char *target)
{
	const char *name = strrchr(target, '/');
	char *end;
	long n;

	if (!path_beneath(target, "/dev") || path_beneath(target, "/dev/pts"))
		return -1;
	if (strcmp(name, "/console") == 0)
		return 0;
	if (strncmp(name, "/tty", 4) != 0 || !isdigit((unsigned char)name[4]))
		return -1;
	n = strtol(name + 4, &end, 10);
	return *end == '\0' && n > 0 && n <= TTY_INDEX_MAX ? (int)n : -1;
}

#define FEW 16 /* from there on, do not search for a free number one by one */

/* One entry stands for all with the same hash; a collision only skips a number. */
static bool take_key(struct map *taken, const char *key)
{
	return map_add(taken, XXH3_64bits(key, strlen(key)), 0);
}

char *mount_key(struct map *taken, const char *target)
{
	_cleanup_free_ char *base = xstrdup(target[0] == '/' ? target + 1 : target);
	char *key;

	for (char *p = base; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			*p = '_';
	key = xstrdup(base);
	for (size_t i = 2; !take_key(taken, key); i++) {
		free(key);
		key = xasprintf("%s-%zu", base, i < FEW ? i : i + taken->n);
	}
	return key;
}

static const char *mount_options(struct libmnt_fs *fs)
{
	const char *options = mnt_fs_get_vfs_options(fs);

	return options ? options : "rw";
}

static bool has_known_options(struct libmnt_fs *fs)
{
	unsigned long flags;

	return mount_flags_parse(mount_options(fs), &flags);
}

struct look {
	struct container_facts *facts;
	struct libmnt_table *host;
	/* of the monitor's mount namespace (lxc.monitor.unshare), where hooks mount; NULL: ours */
	struct libmnt_table *monitor;
	int monitor_root; /* O_PATH; -1: none */
	struct map keys;
	struct scout scout;
	struct host_mounts mounts;
};

static void add_odd(struct look *l, struct libmnt_fs *fs, enum odd_mount_kind kind, int err)
{
	struct obstacles *o = &l->facts->obstacles;

	*ARRAY_ADD(o->mounts, o->n_mounts) = (struct odd_mount){
		.kind = kind,
		.err = err,
		.target = xstrdup(mnt_fs_get_target(fs)),
		.root = xstrdup(fs_root(fs)),
		.type = xstrdup(fs_type(fs)),
		.options = xstrdup(mount_options(fs)),
	};
}

/* Opens the mount point with O_PATH. Returns 0 or -errno. */
static int place_of(struct look *l, const char *target, int *ret, struct stat *ret_stat)
{
	int fd = scout_open(&l->scout, l->facts->init_pid, target, O_PATH);
	int r = fd < 0 ? fd : stat_without_sync(fd, ret_stat);

	if (r == 0)
		*ret = fd;
	else
		fd_close(&fd);
	return r;
}

/*
 * Reopens a mount point that was checked, through /proc, where nothing can be put in the way. Only
 * a pty of the mount's devpts: opening another device can have effects, such as starting a
 * watchdog.
 */
static char *settings_at(int place)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", place);
	_cleanup_close_ int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? NULL : tty_settings_read(fd);
}

static bool is_pty(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) >= PTY_SLAVE_MAJOR &&
	       major(st->st_rdev) <= PTY_SLAVE_MAJOR_LAST;
}

/*
 * Whether a path of the host leads to the mounted content. The mount table contains no links, so a
 * link in the path was put there since.
 */
static bool leads_to(int root, const char *path, const struct stat *inside)
{
	_cleanup_close_ int fd =
		root < 0 ? open_without_links(path, O_PATH) : open_in_root(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && stat_without_sync(fd, &st) == 0 && st.st_dev == inside->st_dev &&
	       st.st_ino == inside->st_ino;
}

/* Ignores a number that the manifest cannot hold. */
static void describe_source(struct look *l, struct ext_mount *m)
{
	struct source_filesystem f = {0};

	if (source_filesystem_read(&l->mounts, m->source, &f) == 0 && f.mount_point[0] == '/') {
		m->mount_point = TAKE_PTR(f.mount_point);
		m->filesystem = TAKE_PTR(f.type);
		m->identity = TAKE_PTR(f.identity);
		m->inode = f.inode <= INT64_MAX ? f.inode : 0;
	}
	source_filesystem_clear(&f);
}

/* Whole filesystems that hooks mount are known by what they hold, not by their device's name. */
static void describe_hooks_source(const struct look *l, struct libmnt_fs *fs, struct ext_mount *m,
				  const struct stat *inside)
{
	const char *device = mnt_fs_get_source(fs);

	if (!mnt_table_find_target(l->monitor, m->source, MNT_ITER_BACKWARD))
		return;
	m->mount_point = xstrdup(m->source);
	m->filesystem = xstrdup(fs_type(fs));
	m->inode = inside->st_ino <= INT64_MAX ? inside->st_ino : 0;
	if (device && *device == '/')
		m->identity = block_device_identity(device, m->filesystem);
}

static void add_source(struct look *l, struct libmnt_fs *fs, const char *source, bool by_hook,
		       const struct stat *inside)
{
	struct ext_mount *m = ARRAY_ADD(l->facts->mounts, l->facts->n_mounts);

	m->target = xstrdup(mnt_fs_get_target(fs));
	m->key = mount_key(&l->keys, m->target);
	m->source = xstrdup(source);
	m->options = xstrdup(mount_options(fs));
	m->kind = xstrdup(S_ISDIR(inside->st_mode) ? "directory" : "file");
	if (by_hook)
		describe_hooks_source(l, fs, m, inside);
	else
		describe_source(l, m);
}

static void add_external(struct look *l, struct libmnt_fs *fs, bool by_hook)
{
	_cleanup_strv_ struct strv candidates =
		mount_source_candidates(fs, by_hook ? l->monitor : l->host);
	_cleanup_close_ int place = -1;
	struct stat inside;
	int r = place_of(l, mnt_fs_get_target(fs), &place, &inside);

	if (!has_known_options(fs))
		add_odd(l, fs, ODD_OPTIONS, 0);
	else if (r < 0)
		add_odd(l, fs, ODD_UNSEEN, -r);
	for (size_t i = 0; r == 0 && i < candidates.n; i++)
		if (leads_to(by_hook ? l->monitor_root : -1, candidates.v[i], &inside)) {
			add_source(l, fs, candidates.v[i], by_hook, &inside);
			return;
		}
	if (r == 0)
		add_odd(l, fs, ODD_SOURCE, 0);
}

static void add_tty(struct look *l, struct libmnt_fs *fs)
{
	struct container_facts *facts = l->facts;
	const char *target = mnt_fs_get_target(fs);
	_cleanup_close_ int place = -1;
	struct stat st;
	struct tty *t;
	int r = place_of(l, target, &place, &st);

	if (r < 0) {
		add_odd(l, fs, ODD_TERMINAL_UNSEEN, -r);
		return;
	}
	if (st.st_dev != mnt_fs_get_devno(fs) || !is_pty(&st)) {
		add_odd(l, fs, ODD_TERMINAL_COVERED, 0);
		return;
	}
	t = ARRAY_ADD(facts->ttys, facts->n_ttys);
	t->index = tty_index(target);
	t->key = mount_key(&l->keys, target);
	t->target = xstrdup(target);
	t->rdev = (unsigned int)st.st_rdev;
	t->dev = (unsigned int)st.st_dev;
	t->uid = st.st_uid;
	t->gid = st.st_gid;
	t->mode = st.st_mode & 07777;
	t->settings = settings_at(place);
	if (has_known_options(fs))
		t->options = xstrdup(mount_options(fs));
}

static struct libmnt_table *read_table(const char *path, struct error **reterr)
{
	struct libmnt_table *t = mnt_new_table();

	if (t && mnt_table_parse_file(t, path) == 0)
		return t;
	mnt_unref_table(t);
	error_set(reterr, EIO, "cannot read the mount table %s", path);
	return NULL;
}

/* Does not look at mounts beyond the limit: their number is the reason for the refusal. */
static bool is_beyond(const struct container_facts *facts)
{
	return facts->n_mounts + facts->n_ttys + facts->obstacles.n_mounts >= OUTSIDE_MAX;
}

static void sort_mount(struct look *l, struct libmnt_fs *fs, struct libmnt_fs *top)
{
	enum mount_class class = mount_classify(fs, top, l->host);
	const bool by_hook = class == MOUNT_OWN && l->monitor &&
			     mount_classify(fs, top, l->monitor) == MOUNT_EXTERNAL;

	if (by_hook)
		class = MOUNT_EXTERNAL;
	if (class != MOUNT_OWN && is_beyond(l->facts))
		add_odd(l, fs, ODD_BEYOND, 0);
	else if (class == MOUNT_EXTERNAL)
		add_external(l, fs, by_hook);
	else if (class == MOUNT_TTY)
		add_tty(l, fs);
	/* CRIU binds it from a mount that is not external */
	else if (mount_options_have(mount_options(fs), "idmapped") && !l->facts->rootfs_idmapped &&
		 !has_known_options(fs))
		add_odd(l, fs, ODD_OPTIONS, 0);
}

static int sort_mounts(struct look *l, struct libmnt_table *table, struct error **reterr)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	/* the last one, should something be mounted over it */
	struct libmnt_fs *top = mnt_table_find_target(table, "/", MNT_ITER_BACKWARD);
	struct libmnt_fs *fs;
	int r = top ? 0 : error_set(reterr, EIO, "the container has no root mount");

	if (top)
		inspect_mounted_rootfs(l->facts, top);
	l->facts->rootfs_idmapped = top && mount_options_have(mount_options(top), "idmapped");
	while (r == 0 && mnt_table_next_fs(table, it, &fs) == 0)
		if (fs != top && strcmp(mnt_fs_get_target(fs), "/") != 0)
			sort_mount(l, fs, top);
	mnt_free_iter(it);
	return r;
}

/* The monitor is init's parent, and root's: the container has no say in its mounts. */
static void look_at_monitor(struct look *l)
{
	const long pid = process_status_number(l->facts->init_pid, "PPid");
	_cleanup_free_ char *table = xasprintf("/proc/%ld/mountinfo", pid);
	_cleanup_free_ char *namespace = xasprintf("/proc/%ld/ns/mnt", pid);
	_cleanup_free_ char *root = xasprintf("/proc/%ld/root", pid);
	struct stat its, ours;

	if (pid <= 0 || stat(namespace, &its) < 0 || stat("/proc/self/ns/mnt", &ours) < 0 ||
	    its.st_ino == ours.st_ino)
		return;
	l->monitor_root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->monitor_root >= 0)
		l->monitor = read_table(table, NULL);
}

int inspect_mounts(struct container_facts *facts, bool hooks, struct error **reterr)
{
	_cleanup_free_ char *table_path = xasprintf("/proc/%d/mountinfo", (int)facts->init_pid);
	struct libmnt_table *table = read_table(table_path, reterr);
	struct look l = {.facts = facts, .monitor_root = -1, .scout.limit = SCOUT_LIMIT};
	int r = -EIO;

	if (table)
		l.host = read_table("/proc/self/mountinfo", reterr);
	if (l.host && hooks)
		look_at_monitor(&l);
	if (l.host)
		r = sort_mounts(&l, table, reterr);
	scout_end(&l.scout);
	map_clear(&l.keys);
	host_mounts_clear(&l.mounts);
	mnt_unref_table(table);
	mnt_unref_table(l.host);
	mnt_unref_table(l.monitor);
	fd_close(&l.monitor_root);
	return r;
}
