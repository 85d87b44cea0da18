/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_APPARMOR_SAVE_H
#define LXCCKPT_CARRY_APPARMOR_SAVE_H

/* Pure. The text of attr/current -> the label without its mode; NULL: unconfined. Caller frees. */
char *lsm_label(const char *text);

#endif
