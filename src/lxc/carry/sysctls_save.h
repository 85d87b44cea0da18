/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SYSCTLS_SAVE_H
#define LXCCKPT_CARRY_SYSCTLS_SAVE_H

#include "facts/facts.h"
#include "util/error.h"

/*
 * The settings in /proc/sys/net of the container's network namespace that can be changed, for
 * the image's file SYSCTLS_NAME (sysctls.h). "" where it has none of its own. Caller frees.
 */
int inspect_sysctls(const struct container_facts *facts, char **ret, struct error **reterr);

#endif
