/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decodes base64 text that another program wrote. Pure; runs in any process. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "util/base64.h"
#include "util/mem.h"

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

void *base64_decode(const char *text, size_t *ret_len)
{
	_cleanup_free_ char *bytes = xcalloc(strlen(text) + 1, 1);
	size_t n = 0, i;
	uint32_t bits = 0;

	for (i = 0; digit(text[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)digit(text[i]);
		/* each digit except the first of four completes a byte */
		if (i % 4 != 0)
			bytes[n++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	if (i % 4 == 1 || text[i + strspn(text + i, "=")] != '\0')
		return NULL;
	*ret_len = n;
	return TAKE_PTR(bytes);
}
