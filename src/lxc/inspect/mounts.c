/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/mounts.h"
#include "util/fd.h"
#include "util/mountflags.h"
#include "util/tty.h"

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

/* What follows prefix in path, on a component's border; NULL if path is not beneath prefix. */
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

	/* Any pty but the multiplexer: its master is held by the monitor, outside. */
	if (strcmp(type, "devpts") == 0 && strcmp(fs_root(fs), "/") != 0 &&
	    strcmp(fs_root(fs), "/ptmx") != 0)
		return MOUNT_TTY;
	/* One instance for the whole machine, but CRIU knows how to place it. */
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

static bool key_taken(const struct container_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (strcmp(facts->mounts[i].key, key) == 0)
			return true;
	for (size_t i = 0; i < facts->n_ttys; i++)
		if (strcmp(facts->ttys[i].key, key) == 0)
			return true;
	return false;
}

char *mount_key(const struct container_facts *facts, const char *target)
{
	_cleanup_free_ char *base = xstrdup(target[0] == '/' ? target + 1 : target);
	char *key;

	for (char *p = base; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			*p = '_';
	key = xstrdup(base);
	for (unsigned int i = 2; key_taken(facts, key); i++) {
		free(key);
		key = xasprintf("%s-%u", base, i);
	}
	return key;
}

static const char *mount_options(struct libmnt_fs *fs)
{
	const char *options = mnt_fs_get_vfs_options(fs);

	return options ? options : "rw";
}

/* What a mount of the host is to have again, beside its source. */
static int check_options(struct libmnt_fs *fs, struct error **reterr)
{
	unsigned long flags;

	if (mount_flags_parse(mount_options(fs), &flags))
		return 0;
	error_refuse(reterr, EOPNOTSUPP,
		     "the container's mount %s is mounted \"%s\", which cannot be restored so far",
		     mnt_fs_get_target(fs), mount_options(fs));
	error_set_hint(reterr, "mount it without that (idmap=... in an lxc.mount.entry), or "
			       "unmount it");
	return -EOPNOTSUPP;
}

static int stat_in_root(int root, const char *target, struct stat *ret)
{
	_cleanup_close_ int fd = open_in_root(root, target, O_PATH);

	return fd < 0 || fstat(fd, ret) < 0 ? -errno : 0;
}

/* Opened a second time through /proc, because what openat2() gave is no more than a place. */
static char *settings_in_root(int root, const char *target)
{
	_cleanup_close_ int place = open_in_root(root, target, O_PATH);
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", place);
	_cleanup_close_ int fd =
		place < 0 ? -1 : open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? NULL : tty_settings_read(fd);
}

static int add_external(struct container_facts *facts, struct libmnt_fs *fs, int root,
			struct libmnt_table *host, struct error **reterr)
{
	const char *target = mnt_fs_get_target(fs);
	_cleanup_strv_ struct strv candidates = mount_source_candidates(fs, host);
	struct stat inside, outside;
	struct ext_mount *m;
	char *key;
	int r = check_options(fs, reterr);

	if (r < 0)
		return r;
	r = stat_in_root(root, target, &inside);
	if (r < 0)
		return error_refuse(reterr, -r, "cannot look at the container's mount %s: %s",
				    target, strerror(-r));
	for (size_t i = 0; i < candidates.n; i++) {
		char path[PATH_MAX];

		if (stat(candidates.v[i], &outside) < 0 || outside.st_dev != inside.st_dev ||
		    outside.st_ino != inside.st_ino || !realpath(candidates.v[i], path))
			continue;
		key = mount_key(facts, target);
		m = ARRAY_ADD(facts->mounts, facts->n_mounts);
		m->key = key;
		m->target = xstrdup(target);
		m->source = xstrdup(path);
		m->options = xstrdup(mount_options(fs));
		m->kind = xstrdup(S_ISDIR(inside.st_mode) ? "directory" : "file");
		return 0;
	}
	error_refuse(reterr, ENOENT,
		     "the container's mount %s shows %s of a host filesystem (%s), and no path on "
		     "this host leads there any more",
		     target, fs_root(fs), fs_type(fs));
	error_set_hint(reterr, "mount its source again on the host, or unmount %s in the container",
		       target);
	return -ENOENT;
}

static int add_tty(struct container_facts *facts, struct libmnt_fs *fs, int root,
		   struct error **reterr)
{
	const char *target = mnt_fs_get_target(fs);
	struct stat st;
	unsigned long flags;
	struct tty *t;
	char *key;
	int r = stat_in_root(root, target, &st);

	if (r < 0)
		return error_refuse(reterr, -r, "cannot look at the container's terminal %s: %s",
				    target, strerror(-r));
	key = mount_key(facts, target);
	t = ARRAY_ADD(facts->ttys, facts->n_ttys);
	t->index = tty_index(target);
	t->key = key;
	t->target = xstrdup(target);
	t->rdev = (unsigned int)st.st_rdev;
	t->dev = (unsigned int)st.st_dev;
	t->uid = st.st_uid;
	t->gid = st.st_gid;
	t->mode = st.st_mode & 07777;
	t->settings = settings_in_root(root, target);
	if (mount_flags_parse(mount_options(fs), &flags))
		t->options = xstrdup(mount_options(fs));
	return 0;
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

static int sort_mounts(struct container_facts *facts, struct libmnt_table *table,
		       struct libmnt_table *host, int root, struct error **reterr)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	/* the last one, should something be mounted over it */
	struct libmnt_fs *top = mnt_table_find_target(table, "/", MNT_ITER_BACKWARD);
	struct libmnt_fs *fs;
	int r = top ? 0 : error_set(reterr, EIO, "the container has no root mount");

	facts->rootfs_idmapped = top && mount_options_have(mount_options(top), "idmapped");
	while (r == 0 && mnt_table_next_fs(table, it, &fs) == 0) {
		if (fs == top || strcmp(mnt_fs_get_target(fs), "/") == 0)
			continue;
		switch (mount_classify(fs, top, host)) {
		case MOUNT_OWN:
			/* CRIU binds it anew, of what is not */
			if (mount_options_have(mount_options(fs), "idmapped") &&
			    !facts->rootfs_idmapped)
				r = check_options(fs, reterr);
			break;
		case MOUNT_EXTERNAL:
			r = add_external(facts, fs, root, host, reterr);
			break;
		case MOUNT_TTY:
			r = add_tty(facts, fs, root, reterr);
			break;
		}
	}
	mnt_free_iter(it);
	return r;
}

int inspect_mounts(struct container_facts *facts, struct error **reterr)
{
	_cleanup_free_ char *table_path = xasprintf("/proc/%d/mountinfo", (int)facts->init_pid);
	_cleanup_free_ char *root_path = xasprintf("/proc/%d/root", (int)facts->init_pid);
	_cleanup_close_ int root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct libmnt_table *table = NULL, *host = NULL;
	int r = -EIO;

	if (root < 0)
		return error_errno(reterr, "cannot look into the container (%s)", root_path);
	table = read_table(table_path, reterr);
	if (table)
		host = read_table("/proc/self/mountinfo", reterr);
	if (host)
		r = sort_mounts(facts, table, host, root, reterr);
	mnt_unref_table(table);
	mnt_unref_table(host);
	return r;
}
