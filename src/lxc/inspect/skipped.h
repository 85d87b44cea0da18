/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_SKIPPED_H
#define LXCCKPT_INSPECT_SKIPPED_H

#include "criu_mounts.h"
#include "facts.h"

/*
 * The mounts of a stopped container that CRIU leaves out of its image: each tracefs. nested:
 * also those in mount namespaces of its processes. 0 or -errno; ret begins empty, as {0}.
 */
int inspect_skipped(const struct container_facts *facts, bool nested, struct skipped_mounts *ret);

#endif
