/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_BASE64_H
#define LXCCKPT_UTIL_BASE64_H

#include <stddef.h>

/*
 * The bytes of a base64 text, with or without padding, and a NUL behind them that does not
 * count. NULL for what is none. Caller frees.
 */
void *base64_decode(const char *text, size_t *ret_len);

#endif
