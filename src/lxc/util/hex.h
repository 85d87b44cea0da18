/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_HEX_H
#define LXCCKPT_UTIL_HEX_H

#include <stddef.h>

/* Two lower-case digits a byte. Caller frees. */
char *hex_encode(const void *bytes, size_t len);

/* Decodes that. NULL: not hexadecimal. Caller frees. */
void *hex_decode(const char *text, size_t *ret_len);

#endif
