/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_API_OPTIONS_H
#define LXCCKPT_API_OPTIONS_H

#include <stddef.h>

#include "util/error.h"

/*
 * The members that the caller's version of an option struct has; the rest stays
 * zero. Members that only the caller knows must be zero: what they ask for would
 * not be done. NULL is a struct of zeros.
 */
int options_copy(void *to, size_t size, const void *from, struct error **reterr);

#endif
