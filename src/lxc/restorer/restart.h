/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_RESTART_H
#define LXCCKPT_RESTORER_RESTART_H

/* Decides what follows a container's end. */

#include "util/error.h"

struct restore;

/*
 * After restore_undo(), has lxc-start start the container as if it had never been
 * checkpointed, and waits until it runs. Nothing of this process stays with it.
 */
int restart_container(const struct restore *r, struct error **reterr) _must_check_;

/*
 * The same where the container's console is on this process's terminal: lxc-start takes
 * this process's place. Who waits for the container to run is told by another one.
 * begin is called when nothing stands in the way any more. Returns if something does.
 */
int restart_in_foreground(struct restore *r, void (*begin)(const struct restore *r),
			  struct error **reterr) _must_check_;

/*
 * lxc.ephemeral: after the end of a container, not of one that reboots, its rootfs
 * and its directory in lxcpath go.
 */
void ephemeral_destroy(const struct restore *r);

#endif
