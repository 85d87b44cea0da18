/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the sockets that are mounted in mount namespaces of the container's processes, such as the
 * journal's in services of systemd with RootDirectory=. CRIU makes each Unix socket anew, but after
 * the mounts, so these are left to slave_mounts_apply.c. Runs in the command as root, in the host's
 * namespaces, at post-dump: the container stands still. It opens no file, and waits for no
 * filesystem.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "carry/seen_mounts_save.h"
#include "carry/slave_mounts.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

struct looking {
	const struct seen_mounts *mounts;
	pid_t init;
	int init_root;
	pid_t root_of; /* the process whose root directory this is */
	int root;
};

static bool has_sockets(const struct mountinfo *m)
{
	return strcmp(m->root, "/") != 0 && strncmp(m->type, "cgroup", strlen("cgroup")) != 0 &&
	       strcmp(m->type, "proc") != 0 && strcmp(m->type, "sysfs") != 0 &&
	       strcmp(m->type, "devpts") != 0;
}

static bool stat_socket(int root, const char *path, struct statx *ret)
{
	_cleanup_close_ int fd = open_in_root(root, path, O_PATH | O_NOFOLLOW);

	return fd >= 0 &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		     STATX_TYPE | STATX_INO | STATX_MNT_ID, ret) == 0 &&
	       S_ISSOCK(ret->stx_mode);
}

static int open_root(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)pid);

	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Whether a mount shows a socket, and no other mount hides it. */
static bool shows_socket(struct looking *l, const struct seen_mount *m, struct statx *ret)
{
	if (m->pid == l->init || !has_sockets(&m->info))
		return false;
	if (l->root < 0 || l->root_of != m->pid) {
		fd_close(&l->root);
		l->root = open_root(m->pid);
		l->root_of = m->pid;
	}
	return stat_socket(l->root, m->info.point, ret) && ret->stx_mnt_id == m->info.id;
}

/* The path of the socket in the mount namespace of the container's init; NULL: there is none. */
static char *find_source(const struct looking *l, const struct seen_mount *m,
			 const struct statx *socket)
{
	for (size_t i = 0; i < l->mounts->n; i++) {
		const struct seen_mount *from = &l->mounts->v[i];
		_cleanup_free_ char *path = NULL;
		struct statx st;

		/* init's are the first */
		if (from->pid != l->init)
			break;
		if (from->info.dev != m->info.dev)
			continue;
		path = path_by_mount(from->info.root, from->info.point, m->info.root);
		if (path && stat_socket(l->init_root, path, &st) && st.stx_ino == socket->stx_ino &&
		    st.stx_mnt_id == from->info.id)
			return TAKE_PTR(path);
	}
	return NULL;
}

static int look_at(struct looking *l, struct seen_mount *m, struct propagation *found,
		   struct error **reterr)
{
	struct statx socket;
	char *source;

	if (!shows_socket(l, m, &socket))
		return 0;
	source = find_source(l, m, &socket);
	/* mounted since the checks */
	if (!source)
		return error_set(reterr, EBUSY,
				 "process %d has a socket mounted on %s that the container's init "
				 "does not see, which CRIU cannot restore",
				 process_inner_id(m->pid), m->info.point);
	m->change.drop = true;
	*ARRAY_ADD(found->v, found->n) = (struct slave_mount){
		.slave = {process_inner_id(m->pid), xstrdup(m->info.point)},
		.master = {process_inner_id(l->init), source},
	};
	return 0;
}

int mounted_sockets_save(struct saving *s, struct seen_mounts *mounts, struct error **reterr)
{
	const pid_t init = s->facts->init_pid;
	struct looking l = {.mounts = mounts, .init = init, .init_root = -1, .root = -1};
	_cleanup_propagation_ struct propagation found = {0};
	_cleanup_free_ char *text = NULL;
	int r = 0;

	l.init_root = open_root(init);
	for (size_t i = 0; r == 0 && i < mounts->n; i++)
		r = look_at(&l, &mounts->v[i], &found, reterr);
	fd_close(&l.root);
	fd_close(&l.init_root);
	if (r < 0 || found.n == 0)
		return r;
	text = propagation_format(&found);
	if (strlen(text) > PROPAGATION_MAX)
		return error_set(reterr, EFBIG, "the container has too many mounted sockets");
	return image_write(s->image, MOUNTED_SOCKETS_NAME, text, reterr);
}
