/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_MOUNT_LAYOUT_H
#define LXCCKPT_RESTORER_MOUNT_LAYOUT_H

/* Makes the mount namespace that CRIU restores from. */

#include <sys/stat.h>
#include <sys/types.h>

#include "util/error.h"

struct restore;

struct mounts_stage {
	int cgroups_fd; /* detached mounts: cgroup2 ... */
	int images_fd;	/* ... and, with the container's ids, the images and its rootfs; -1: none */
	int rootfs_fd;
	char **points;		 /* one per facts' mount: the host's mount that its source is in */
	char **sources;		 /* ... and where CRIU finds the source */
	struct stat *pins;	 /* ... and what the source is, which it has to be in the end */
	char **tty_sources;	 /* one per facts' tty: where CRIU finds it; NULL: on the host */
	const char *images_path; /* where the container's root may read them; NULL: as they are */
	const char *cgroup_yard;
};

int mounts_begin(struct restore *r, struct error **reterr) _must_check_;
void mounts_undo(struct restore *r);

/* Makes the mount namespace in which CRIU finds what mounts_begin() has prepared. */
int mounts_lay_out(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/*
 * CRIU finds the sources by their paths, and users other than root may write to directories on the
 * way: refuses if a source has become something else meanwhile. Before post-restore init is not in
 * the container's mount namespace; later something runs.
 */
int mounts_check(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* CRIU has the mounts by now; a monitor that lives on does not need them. */
int mounts_release(struct restore *r, pid_t init, struct error **reterr) _must_check_;

/* leftovers_remove.c: what CRIU or the machine has left when it died in an earlier restore. */
int leftovers_begin(struct restore *r, struct error **reterr) _must_check_;

#endif
