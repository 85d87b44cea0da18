/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The mount namespace that CRIU runs in, where everything of the host that the
 * container shows is laid out as CRIU needs to find it. CRIU clones these mounts,
 * partly with no more rights than the container's root has:
 *  - each source, the terminals too, is in a mount of its own with the options that
 *    the container's had. Of several mounts of one filesystem CRIU gives only the first
 *    its options, so that what was read-only would be writable. And the namespace of a
 *    container with other users cannot take one mount out of a tree of them. It is the
 *    whole mount that the source is in, because CRIU copies propagation from one mount
 *    of the host to all that had theirs from there;
 *  - the images are shown as files of whoever reads them, which in a container with
 *    other users is its root;
 *  - cgroup2 is there already: where CRIU mounts it, the kernel takes away
 *    "nsdelegate" and its other options from the whole host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/detached_mount.h"
#include "sys/mountflags.h"
#include "sys/runtime.h"
#include "sys/userns.h"
#include "util/fd.h"
#include "util/mem.h"

#define DEVPTS "/dev/pts" /* where posix_openpt() has its terminals */
#define YARD   RUNTIME_DIR "/cgroups"
#define IMAGES RUNTIME_DIR "/images"
#define PLAIN  RUNTIME_DIR "/plain"
#define MAPPED RUNTIME_DIR "/mapped"

/* Path of terminal i's mount, which has its devpts. */
#define TERMINALS RUNTIME_DIR "/tty%zu"

/* A detached mount of path on which the files belong to whom the maps say; -errno. */
static int mount_mapped(const char *path, const char *uid_map, const char *gid_map,
			unsigned int flags)
{
	_cleanup_close_ int userns = userns_make(uid_map, gid_map);
	_cleanup_close_ int fd = userns < 0 ? userns : detached_clone(AT_FDCWD, path, 0);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP | flags};

	if (fd < 0)
		return fd;
	attr.userns_fd = (unsigned int)userns;
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int refuse_mapped(int e, const char *what, const char *path, struct error **reterr)
{
	error_refuse(reterr, -e,
		     "the container has an ID map, and %s, %s, cannot be mounted with it: %s", what,
		     path, strerror(-e));
	if (e == -EINVAL)
		error_set_hint(
			reterr,
			"its filesystem does not support ID-mapped mounts on this kernel; ext4, "
			"xfs and btrfs do, tmpfs since Linux 6.3: copy it to one of these");
	return e;
}

static int map_images(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *uid_map = xasprintf("0 %ld 1\n", facts_root_id(facts, "u"));
	_cleanup_free_ char *gid_map = xasprintf("0 %ld 1\n", facts_root_id(facts, "g"));

	r->mounts.images_fd = mount_mapped(r->image->path, uid_map, gid_map,
					   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC);
	if (r->mounts.images_fd < 0)
		return refuse_mapped(r->mounts.images_fd, "its checkpoint", r->image->path, reterr);
	return 0;
}

static int map_rootfs(struct restore *r, struct error **reterr)
{
	_cleanup_free_ char *uid_map = facts_id_map(&r->manifest->facts, "u");
	_cleanup_free_ char *gid_map = facts_id_map(&r->manifest->facts, "g");

	r->mounts.rootfs_fd = mount_mapped(r->plan->rootfs, uid_map, gid_map, 0);
	if (r->mounts.rootfs_fd < 0)
		return refuse_mapped(r->mounts.rootfs_fd, "its rootfs", r->plan->rootfs, reterr);
	return 0;
}

static int mount_id(const char *path, uint64_t *ret)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret = st.stx_mnt_id;
	return 0;
}

/* How much of an absolute path is the mount point that it is below. -errno. */
static ssize_t mount_point_length(const char *path)
{
	_cleanup_free_ char *p = xstrdup(path);
	uint64_t id = 0, above = 0;
	int r = mount_id(p, &id);

	while (r == 0 && strcmp(p, "/") != 0) {
		char *last = strrchr(p, '/');
		size_t len = strlen(p);

		last[last == p] = '\0';
		r = mount_id(p, &above);
		if (r == 0 && above != id)
			return (ssize_t)len;
	}
	return r < 0 ? r : 0;
}

/* Opens a path of the host that has no links in it; the manifest holds only such paths. */
static int pin_source(const char *source, struct stat *ret, struct error **reterr)
{
	_cleanup_close_ int fd = open_without_links(source, O_PATH);
	int e = fd < 0 || fstat(fd, ret) < 0 ? -errno : 0;

	if (e == 0)
		return 0;
	error_refuse(reterr, -e, "cannot use %s, which the container has mounted: %s", source,
		     e == -ELOOP ? "its path contains a symbolic link now" : strerror(-e));
	if (e == -ELOOP)
		error_set_hint(reterr, "the link may lead elsewhere: put back what was mounted");
	return e;
}

static int name_sources(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;

	r->mounts.points = xcalloc(facts->n_mounts + 1, sizeof(*r->mounts.points));
	r->mounts.sources = xcalloc(facts->n_mounts + 1, sizeof(*r->mounts.sources));
	r->mounts.pins = xcalloc(facts->n_mounts + 1, sizeof(*r->mounts.pins));
	for (size_t i = 0; i < facts->n_mounts; i++) {
		const char *source = facts->mounts[i].source;
		int e = pin_source(source, &r->mounts.pins[i], reterr);
		ssize_t n = e < 0 ? e : mount_point_length(source);

		if (e < 0)
			return e;
		if (n < 0)
			return error_refuse(reterr, (int)-n,
					    "cannot find out where %s is mounted: %s", source,
					    strerror((int)-n));
		r->mounts.points[i] = n ? xstrndup(source, (size_t)n) : xstrdup("/");
		r->mounts.sources[i] = xasprintf(RUNTIME_DIR "/%zu%s", i,
						 strcmp(source, "/") == 0 ? "" : source + n);
	}
	return 0;
}

/* Schema 1 has no options of terminals: such terminals stay on the host's devpts. */
static void name_terminals(struct restore *r)
{
	const struct container_facts *facts = &r->manifest->facts;

	r->mounts.tty_sources = xcalloc(facts->n_ttys + 1, sizeof(*r->mounts.tty_sources));
	for (size_t i = 0; i < facts->n_ttys; i++) {
		if (!facts->ttys[i].options)
			continue;
		r->mounts.tty_sources[i] =
			xasprintf(TERMINALS "%s", i, strrchr(r->terminals.ends[i].path, '/'));
		r->terminals.ends[i].path = r->mounts.tty_sources[i];
	}
}

int mounts_begin(struct restore *r, struct error **reterr)
{
	_cleanup_close_ int dir = runtime_dir_open();
	const struct container_facts *facts = &r->manifest->facts;
	int e;

	if (dir < 0)
		return error_set(reterr, -dir, "cannot use " RUNTIME_DIR ": %s", strerror(-dir));
	e = name_sources(r, reterr);
	if (e < 0)
		return e;
	name_terminals(r);
	r->mounts.cgroups_fd = detached_clone(r->cgroups.root, "", AT_EMPTY_PATH);
	if (r->mounts.cgroups_fd < 0)
		return error_set(reterr, -r->mounts.cgroups_fd, "cannot mount the cgroups: %s",
				 strerror(-r->mounts.cgroups_fd));
	if (facts->n_idmaps > 0)
		e = map_images(r, reterr);
	if (e == 0 && facts->rootfs_idmapped)
		e = map_rootfs(r, reterr);
	if (facts->n_idmaps > 0)
		r->mounts.images_path = IMAGES;
	r->mounts.cgroup_yard = YARD;
	return e;
}

static void close_detached(struct restore *r)
{
	fd_close(&r->mounts.cgroups_fd);
	fd_close(&r->mounts.images_fd);
	fd_close(&r->mounts.rootfs_fd);
}

int mounts_release(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	close_detached(r);
	return 0;
}

void mounts_undo(struct restore *r)
{
	for (size_t i = 0; r->mounts.sources && i < r->manifest->facts.n_mounts; i++) {
		free(r->mounts.points[i]);
		free(r->mounts.sources[i]);
	}
	free(TAKE_PTR(r->mounts.points));
	free(TAKE_PTR(r->mounts.sources));
	free(TAKE_PTR(r->mounts.pins));
	for (size_t i = 0; r->mounts.tty_sources && i < r->manifest->facts.n_ttys; i++)
		free(r->mounts.tty_sources[i]);
	free(TAKE_PTR(r->mounts.tty_sources));
	close_detached(r);
}

/* At the dump each was what is seen at its target, see inspect/mounts.c. */
int mounts_check(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(reterr, "cannot look into the container (%s)", path);
	for (size_t i = 0; i < facts->n_mounts; i++) {
		const struct ext_mount *m = &facts->mounts[i];
		_cleanup_close_ int fd = open_in_root(root, m->target, O_PATH);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			return error_errno(reterr, "cannot look at %s in the container", m->target);
		if (st.st_dev == r->mounts.pins[i].st_dev && st.st_ino == r->mounts.pins[i].st_ino)
			continue;
		error_set(reterr, EBUSY,
			  "%s, which the container has mounted at %s, became something else during "
			  "the restore",
			  m->source, m->target);
		error_set_hint(reterr, "somebody replaced it who can write to a directory on its "
				       "path: make sure that nobody can");
		return -EBUSY;
	}
	return 0;
}

/* --- in CRIU's process, before its exec: what fails is said on stderr --- */

static int complain(const char *what, const char *path)
{
	dprintf(STDERR_FILENO, "Error: cannot %s %s: %s\n", what, path, strerror(errno));
	return -1;
}

/* Slave, so that nothing of this is seen outside, and what is mounted there comes in. */
static int separate(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return complain("separate", "the mount namespace");
	/* for all to enter, because the container's root looks for its mounts here */
	if (mount("tmpfs", RUNTIME_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755") < 0)
		return complain("mount a tmpfs on", RUNTIME_DIR);
	return 0;
}

/* An empty directory or file, as what is to be mounted on it. */
static int make_place(const char *path, const char *source)
{
	struct stat st;
	int fd;

	if (stat(source, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return mkdir(path, 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

static int bind_with(const char *source, const char *place, const char *options)
{
	unsigned long flags;

	if (!mount_flags_parse(options, &flags)) {
		errno = EINVAL;
		return -1;
	}
	if (make_place(place, source) < 0 || mount(source, place, NULL, MS_BIND, NULL) < 0)
		return -1;
	return mount(NULL, place, NULL, MS_BIND | MS_REMOUNT | flags, NULL);
}

static int bind_source(const struct restore *r, size_t i)
{
	_cleanup_free_ char *place = xasprintf(RUNTIME_DIR "/%zu", i);

	return bind_with(r->mounts.points[i], place, r->manifest->facts.mounts[i].options);
}

/* The container's were of its own devpts, with its options. */
static int bind_terminal(const struct restore *r, size_t i)
{
	_cleanup_free_ char *place = xasprintf(TERMINALS, i);

	if (!r->mounts.tty_sources[i])
		return 0;
	return bind_with(DEVPTS, place, r->manifest->facts.ttys[i].options);
}

/* Before CRIU 4.2 a container's root has the flags of the mount that CRIU is given. */
static int set_root_flags(const struct restore *r)
{
	const char *options = r->manifest->facts.rootfs_options;
	_cleanup_close_ int fd = open(r->plan->rootfs_mount, O_PATH | O_CLOEXEC);
	unsigned long flags;
	int e;

	if (!options || !mount_flags_parse(options, &flags))
		return 0;
	e = fd < 0 ? -errno : detached_set_flags(fd, flags);
	errno = -e;
	return e < 0 ? -1 : 0;
}

/*
 * A slave of the host's, so that nothing that the container mounts later goes out.
 * A container whose init has made its mounts shared, as systemd does, has a root that
 * is both shared and a slave of the host's: CRIU makes it a slave of this one,
 * which for that has to be shared, be the host's shared or not.
 */
static int mount_rootfs(const struct restore *r)
{
	const struct restore_plan *plan = r->plan;
	const int fd = r->rootfs.fd >= 0 ? r->rootfs.fd : r->mounts.rootfs_fd;
	int e;

	/* it may be below what is hidden here */
	mkdir(plan->rootfs_mount, 0755);
	e = fd >= 0 ? move_mount(fd, "", AT_FDCWD, plan->rootfs_mount, MOVE_MOUNT_F_EMPTY_PATH)
		    : mount(plan->rootfs, plan->rootfs_mount, NULL, MS_BIND, NULL);

	if (e == 0)
		e = mount(NULL, plan->rootfs_mount, NULL, MS_SHARED, NULL);
	if (e == 0)
		e = set_root_flags(r);
	return e < 0 ? complain("mount the rootfs", plan->rootfs) : 0;
}

/* CRIU looks for each hierarchy by this name, and mounts what it does not find. */
static int mount_cgroups(const struct restore *r)
{
	if (mkdir(YARD, 0755) < 0 || mkdir(YARD "/unified", 0755) < 0 ||
	    move_mount(r->mounts.cgroups_fd, "", AT_FDCWD, YARD "/unified",
		       MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return complain("mount", "the cgroups");
	return 0;
}

/*
 * The process that becomes init reads one kind of image before it is the
 * container's root, when it can be only what the host's root is without any
 * capability. The links are relative: it has another root directory later.
 */
static int link_image(const char *name)
{
	_cleanup_free_ char *link = xasprintf(IMAGES "/%s", name);
	_cleanup_free_ char *target =
		xasprintf("../%s/%s", strncmp(name, "timens-", 7) == 0 ? "plain" : "mapped", name);

	return symlink(target, link);
}

static int mount_images(const struct restore *r)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;

	if (r->mounts.images_fd < 0)
		return 0;
	if (mkdir(IMAGES, 0755) < 0 || mkdir(PLAIN, 0755) < 0 || mkdir(MAPPED, 0755) < 0 ||
	    mount(r->image->path, PLAIN, NULL, MS_BIND, NULL) < 0 ||
	    move_mount(r->mounts.images_fd, "", AT_FDCWD, MAPPED, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return complain("mount", r->image->path);
	dir = opendir(PLAIN);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && link_image(e->d_name) < 0)
			return complain("link", e->d_name);
	return dir ? 0 : complain("read", r->image->path);
}

static int lay_out(const struct restore *r)
{
	const struct container_facts *facts = &r->manifest->facts;

	if (separate() < 0)
		return -1;
	/* before the rootfs: a source that has its mount point in it is to be without */
	for (size_t i = 0; i < facts->n_mounts; i++)
		if (bind_source(r, i) < 0)
			return complain("mount", facts->mounts[i].source);
	for (size_t i = 0; i < facts->n_ttys; i++)
		if (bind_terminal(r, i) < 0)
			return complain("mount", DEVPTS);
	if (mount_images(r) < 0 || mount_cgroups(r) < 0)
		return -1;
	return mount_rootfs(r);
}

int mounts_lay_out(struct restore *r, pid_t init, struct error **reterr)
{
	mode_t mask = umask(0);
	int e = lay_out(r);

	(void)init;
	(void)reterr;
	umask(mask);
	return e;
}
