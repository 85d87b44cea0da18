/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_API_OPTIONS_H
#define LXCCKPT_API_OPTIONS_H

#include <stddef.h>

#include "util/error.h"

/*
 * Copies the members of the caller's version of an option struct; the rest stays zero. Members that
 * only the caller knows must be zero: the library would not do what they ask. NULL means all zero.
 */
int options_copy(void *to, size_t size, const void *from, struct error **reterr) _must_check_;

#endif
