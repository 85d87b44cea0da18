/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_TRACEFS_SAVE_H
#define LXCCKPT_CARRY_TRACEFS_SAVE_H

#include <sys/types.h>

#include "criu/image_mounts.h"
#include "facts/facts.h"

/*
 * The mounts of a stopped container's init that CRIU leaves out of its image: each tracefs.
 * 0 or -errno; ret begins empty, as {0}. *ret_ns: init's mount namespace.
 */
int inspect_skipped(const struct container_facts *facts, struct skipped_mounts *ret, ino_t *ret_ns);

/* Adds those in other mount namespaces of its processes. ns: what inspect_skipped() returned. */
int inspect_skipped_nested(const struct container_facts *facts, ino_t ns,
			   struct skipped_mounts *to);

#endif
