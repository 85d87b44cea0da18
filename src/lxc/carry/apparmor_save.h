/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_APPARMOR_SAVE_H
#define LXCCKPT_CARRY_APPARMOR_SAVE_H

#include "facts/facts.h"
#include "util/error.h"

/* Pure. The text of attr/current -> the label without its mode; NULL: unconfined. Caller frees. */
char *lsm_label(const char *text);

/* Fills the apparmor members of facts. */
int inspect_lsm(struct container_facts *facts, struct error **reterr);

#endif
