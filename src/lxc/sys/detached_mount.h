/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_DETACHED_MOUNT_H
#define LXCCKPT_SYS_DETACHED_MOUNT_H

/* Flags and data as for mount(). */
struct mount_request {
	const char *source, *type;
	unsigned long flags;
	const char *data; /* NULL: nothing */
};

/*
 * Mounts a filesystem where nobody sees it: its descriptor is all that there is of it, and is the
 * mount's root directory. move_mount() attaches it. Returns the descriptor or -errno.
 */
int detached_mount(const struct mount_request *m);

/* Gives it the flags MS_RDONLY to MS_NOSYMFOLLOW, and no others. Returns 0 or -errno. */
int detached_set_flags(int fd, unsigned long flags);

/* A copy of a mount, or of a part of it, that hears of no other. As open_tree(). */
int detached_clone(int dir, const char *path, unsigned int flags);

#endif
