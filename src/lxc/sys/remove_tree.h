/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_REMOVE_TREE_H
#define LXCCKPT_SYS_REMOVE_TREE_H

#include <stdbool.h>

/*
 * Removes directories that others have filled, however deep. Only one directory is open at a time.
 * Symbolic links are not followed, mounts are not touched, and a directory that is moved meanwhile
 * stops the removal. What cannot be removed stays; everything else goes. Returns 0, or the first
 * -errno.
 */

/*
 * Removes everything below the directory, but not the directory itself; keep says which of its
 * entries stay.
 */
int remove_contents_at(int dirfd, bool (*keep)(const char *name, const void *userdata),
		       const void *userdata);

/* A directory and everything below it; 0 where there is none. */
int remove_tree(const char *path);

/* For a cgroup filesystem, where only directories without processes can be removed. */
int remove_cgroup_at(int parent, const char *name);

#endif
