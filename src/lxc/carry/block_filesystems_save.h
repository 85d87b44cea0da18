/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_BLOCK_FILESYSTEMS_SAVE_H
#define LXCCKPT_CARRY_BLOCK_FILESYSTEMS_SAVE_H

#include "criu/image_files.h"
#include "facts/facts.h"
#include "util/error.h"

/*
 * Those that CRIU will mount by the name of their device, as its image says, which
 * has the mounts of all namespaces. To be done while the container stands still.
 */
int inspect_block_filesystems(const struct criu_files *files, int root_fd,
			      struct container_facts *facts, struct error **reterr);

#endif
