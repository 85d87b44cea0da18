/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_UNKNOWN_H
#define LXCCKPT_TOOLS_UNKNOWN_H

/*
 * What is wrong with the option that getopt_long() has just refused, in words. key is what it
 * returned, '?' or ':', with short options that begin with ':'. Caller frees.
 */
char *explain_option(int key, char *const argv[]);

#endif
