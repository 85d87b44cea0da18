/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_TREE_H
#define LXCCKPT_CRIU_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "criu/protobuf.h"
#include "util/error.h"

/*
 * CRIU puts a process into its session by forking it from a member. For children of init it makes a
 * temporary member. It cannot do that for a process that another one (a subreaper) has adopted if
 * no ancestor leads the session, as of a daemon that was started under `systemd --user`. The image
 * is changed so that such a process is a child of init.
 *
 * A zombie is forked by such a temporary member, too, and CRIU then waits until init has it: for
 * ever, if the member ends a moment too late. Here a zombie whose session has no leader any more
 * gets the session and group of its parent, of which only ps can tell.
 */

struct criu_relative {
	uint32_t pid, parent, session, group;
	struct bytes parent_at, session_at, group_at; /* these numbers in the image */
};

/* Pure. The processes of the text of a pstree.img, sorted by PID; how many. Caller frees. */
size_t criu_tree_read(void *pstree, size_t len, struct criu_relative **ret);

/* Whether the process of that PID adopts others. */
typedef bool (*criu_tree_adopts)(uint32_t pid, void *userdata);

/*
 * Pure. Makes those children of init whose session CRIU could not restore, from the top down: one
 * that becomes a child of init may leave others without a leader above them. Returns one whose
 * parent does not adopt others, or that cannot be changed; NULL: there is none. The time that it
 * takes does not depend on how deep the tree is.
 */
const struct criu_relative *criu_tree_give_lost(struct criu_relative *v, size_t n,
						criu_tree_adopts adopts, void *userdata);

/* Pure. Whether no process leads the session of the ith one, which is of another than its parent's.
 */
bool criu_tree_is_leaderless(const struct criu_relative *v, size_t n, size_t i);

/* Pure. Moves it to the session and group of its parent; false: that is not possible. */
bool criu_tree_join_parent(struct criu_relative *v, size_t n, size_t i);

/* Pure. Whether the text of a core-*.img is of a process that adopts others (a subreaper). */
bool criu_image_adopts(const void *core, size_t len);

/* Pure. Whether it is of a zombie. */
bool criu_image_is_zombie(const void *core, size_t len);

/*
 * Mends the file in an image directory. Refuses where the parent is not a subreaper: then the
 * process is a child of its own, for which it may wait.
 */
int criu_tree_mend(int dirfd, struct error **reterr) _must_check_;

#endif
