/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_LXCPATH_H
#define LXCCKPT_TOOLS_LXCPATH_H

/*
 * -P as an absolute path. Links in it stay: whoever names the same path to LXC's tools asks the
 * same command socket. A "." or a slash too many goes, and so does a "..", with the links
 * before it. Caller frees.
 */
char *absolute_lxcpath(const char *path);

#endif
