/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_MOUNTS_H
#define LXCCKPT_INSPECT_MOUNTS_H

#include <libmount/libmount.h>

#include "facts/facts.h"
#include "util/error.h"
#include "util/map.h"
#include "util/mem.h"

enum mount_class {
	MOUNT_OWN,	/* CRIU makes it from its image */
	MOUNT_EXTERNAL, /* its content is the host's */
	MOUNT_TTY,	/* a pty's end whose master is outside */
};

/* Pure. root is the container's mount of "/". */
enum mount_class mount_classify(struct libmnt_fs *fs, struct libmnt_fs *root,
				struct libmnt_table *host);

/* Pure. Host paths that show the content of the mount, the closest mount first. */
struct strv mount_source_candidates(struct libmnt_fs *fs, struct libmnt_table *host);

/* Pure. 0 for a console, n for /dev/tty<n> (also below lxc.tty.dir), -1 for another. */
int tty_index(const char *target);

/*
 * Pure. Makes a key for CRIU from the mount point, different from those taken so far. Caller frees.
 */
char *mount_key(struct map *taken, const char *target);

/*
 * Fills mounts and ttys of facts, and those of its obstacles, from /proc/<init_pid>. hooks: what
 * the monitor alone has mounted is from pre-start hooks, which a restore runs as well.
 */
int inspect_mounts(struct container_facts *facts, bool hooks, struct error **reterr) _must_check_;

#endif
