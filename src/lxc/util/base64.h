/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_BASE64_H
#define LXCCKPT_UTIL_BASE64_H

#include <stddef.h>

/*
 * Decodes a base64 text, with or without padding. The bytes are followed by a NUL that does not
 * count. NULL: not base64. Caller frees.
 */
void *base64_decode(const char *text, size_t *ret_len);

#endif
