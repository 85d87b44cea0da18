/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_KEYRING_SAVE_H
#define LXCCKPT_CARRY_KEYRING_SAVE_H

#include "facts/facts.h"
#include "inspect/settings.h"
#include "util/error.h"

/*
 * The keys in the session keyring of the container's init, which those of its processes have
 * that were not given one of their own, as keyring.h has them; NULL where there are none.
 * Caller frees.
 *
 * The kernel shows keys to those alone who have them, so init makes a system call for us:
 * only if some session keyring of its user has keys that could be worth it. init is a pidfd of
 * the process that was found to be it.
 */
int inspect_keyring(const struct settings *settings, const struct container_facts *facts, int init,
		    char **ret, struct error **reterr);

#endif
