/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_LEFTOVERS_H
#define LXCCKPT_CRIU_LEFTOVERS_H

/*
 * A restoring CRIU gives each deleted file that a process has open (a "ghost") a name, and takes
 * that name away before the container runs. A CRIU that is killed, and a power cut, leave the file
 * behind: in the container's rootfs, or in what the container mounts of the host. The next restore
 * of the same image fails there, because CRIU makes each file anew.
 */

#include <stdbool.h>

#include "facts/facts.h"

struct leftover {
	const char *name;  /* as the container's init has it: "/var/log/x.cr.1.ghost" */
	const char *entry; /* ... and in the directory dirfd */
	int dirfd;
	const char *linked; /* the deleted file's own name there, which is the same file; or NULL */
	/* it holds nothing that is not in the image: its removal loses nothing */
	bool in_image;
};

/*
 * Calls fn for each file that has the name of one of the image's ghosts. Directories are left out:
 * CRIU takes one that is there. No symbolic link is followed, and none leads out of rootfs or of
 * the mount's source. rootfs may be NULL. Filesystems that CRIU mounts itself are not looked at.
 */
void leftovers_each(int image, const struct container_facts *facts, const char *rootfs,
		    void (*fn)(const struct leftover *l, void *userdata), void *userdata);

/*
 * Pure. Whether CRIU gives such a name, "link_remap.17", to an open file at a checkpoint when the
 * file's own name was deleted and it has another one. A killed CRIU leaves the name behind.
 */
bool criu_is_link_remap(const char *name);

#endif
