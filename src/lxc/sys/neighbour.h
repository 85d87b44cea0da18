/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_NEIGHBOUR_H
#define LXCCKPT_SYS_NEIGHBOUR_H

/*
 * Forgets those neighbours of this network namespace whose link address was asked for and not
 * answered yet: who sends to them next asks at once, and not after the kernel's second. 0 or
 * -errno.
 */
int neighbours_forget_unanswered(void);

#endif
