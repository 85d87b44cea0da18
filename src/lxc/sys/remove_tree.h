/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_REMOVE_TREE_H
#define LXCCKPT_SYS_REMOVE_TREE_H

#include <stdbool.h>

/*
 * Removal of directories that others have filled, however deep they are: one directory is open
 * at a time. Symbolic links are not followed, nothing that is mounted there is touched, and a
 * directory that somebody moves meanwhile ends it. What cannot be removed stays, and all else
 * goes. 0, or the first -errno.
 */

/* Everything below the directory, but not itself; of what is right in it keep says what stays. */
int remove_contents_at(int dirfd, bool (*keep)(const char *name));

/* A directory and everything below it; 0 where there is none. */
int remove_tree(const char *path);

/* Of a cgroup filesystem: only directories can be removed there, those without a process. */
int remove_cgroup_at(int parent, const char *name);

#endif
