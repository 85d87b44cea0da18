/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_UNKNOWN_H
#define LXCCKPT_TOOLS_UNKNOWN_H

#include <getopt.h>

/*
 * Says in words what is wrong with the option that getopt_long() has just refused. key is what it
 * returned, '?' or ':', with short options that begin with ':'. longs has all options, short ones
 * too. Caller frees.
 */
char *explain_option(int key, char *const argv[], const struct option *longs);

#endif
