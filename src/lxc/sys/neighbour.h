/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_NEIGHBOUR_H
#define LXCCKPT_SYS_NEIGHBOUR_H

/*
 * Forgets the neighbours of this network namespace that have not answered yet: the next packet to
 * them then asks at once, not after the kernel's second. Returns 0 or -errno.
 */
int neighbours_forget_unanswered(void);

#endif
