/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_LXCPATH_H
#define LXCCKPT_TOOLS_LXCPATH_H

/*
 * Makes -P an absolute path. Links in it stay, because LXC's tools with the same path ask the same
 * command socket. Removes ".", double slashes, and "..", with the links before it. Caller frees.
 */
char *absolute_lxcpath(const char *path);

#endif
