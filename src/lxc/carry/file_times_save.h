/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_FILE_TIMES_SAVE_H
#define LXCCKPT_CARRY_FILE_TIMES_SAVE_H

#include "criu/image_files.h"
#include "facts/facts.h"

/*
 * The text of FILE_TIMES_NAME, of the container's files that CRIU's image names: once that is
 * written and the processes stand still. root is init's. Caller frees.
 */
char *inspect_file_times(const struct container_facts *facts, const struct criu_files *files,
			 int root);

#endif
