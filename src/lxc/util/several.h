/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_SEVERAL_H
#define LXCCKPT_UTIL_SEVERAL_H

#include <stddef.h>

/*
 * Calls fn for each number below n, in threads of which the caller's is one, and returns when all
 * have ended: 0, or the error (-errno) that a call has returned. After an error no call begins. fn
 * is called from several threads at the same time.
 */
int several(size_t n, int (*fn)(size_t i, void *userdata), void *userdata);

#endif
