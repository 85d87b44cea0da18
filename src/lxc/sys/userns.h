/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_USERNS_H
#define LXCCKPT_SYS_USERNS_H

/*
 * Makes a user namespace without processes, with these texts as its uid_map and gid_map: an
 * ID-mapped mount takes its map from it. Needs root. Returns a descriptor, close-on-exec, or
 * -errno.
 */
int userns_make(const char *uid_map, const char *gid_map);

#endif
