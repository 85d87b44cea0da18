/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Converts bytes to hexadecimal text and back. Pure; runs in any process. */
#include "config.h"

#include <string.h>

#include "util/hex.h"
#include "util/mem.h"

static const char digits[] = "0123456789abcdef";

char *hex_encode(const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	char *text = xcalloc(len + 1, 2);

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[b[i] >> 4];
		text[2 * i + 1] = digits[b[i] & 15];
	}
	return text;
}

void *hex_decode(const char *text, size_t *ret_len)
{
	size_t len = strlen(text);
	unsigned char *bytes;

	if (len == 0 || len % 2 || strspn(text, digits) != len)
		return NULL;
	bytes = xcalloc(len / 2, 1);
	for (size_t i = 0; i < len; i++) {
		size_t value = (size_t)(strchr(digits, text[i]) - digits);

		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | value);
	}
	*ret_len = len / 2;
	return bytes;
}
