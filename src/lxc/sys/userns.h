/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_USERNS_H
#define LXCCKPT_SYS_USERNS_H

/*
 * Makes a user namespace in which nothing runs, with these texts as its uid_map
 * and gid_map: what an idmapped mount takes its mapping from. Needs root.
 * Descriptor, close-on-exec, or -errno.
 */
int userns_make(const char *uid_map, const char *gid_map);

#endif
