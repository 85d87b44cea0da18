/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes text of containers fit for terminals, shells and logs. Pure; runs in any process. */
#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/mem.h"
#include "util/text.h"

/* Marks, embeddings, overrides and isolates of direction, ends of lines, and what has no width. */
static bool is_hidden(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0xad, 0xad},	  {0x61c, 0x61c},   {0x180e, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

size_t printable_length(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n;

	if (len == 0)
		return 0;
	c = p[0];
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	n = c >= 0xf8 ? 0 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
	if (n == 0 || n > len)
		return 0;
	c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Overlong, surrogate, out of range, or a control character of the second block. */
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || c < 0xa0)
		return 0;
	return is_hidden(c) ? 0 : n;
}

void make_printable(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = printable_length(text, left);

		if (n == 0) {
			*text = '?';
			n = 1;
		}
		text += n;
		left -= n;
	}
}

void make_lines_printable(char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		make_printable(text);
		*end = '\n';
	}
	make_printable(text);
}

void say(FILE *to, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	bool line;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	len = strlen(text);
	line = len > 0 && text[len - 1] == '\n';
	if (line)
		text[len - 1] = '\0';
	make_printable(text);
	fprintf(to, "%s%s", text, line ? "\n" : "");
}

char *shell_word(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "/._-+=:,@%";
	char *word;

	if (*text && text[strspn(text, plain)] == '\0')
		return xstrdup(text);
	word = xstrdup("'");
	for (; *text; text++)
		str_append(&word, *text == '\'' ? "'\\%c'" : "%c", *text);
	str_append(&word, "'");
	return word;
}

size_t length_before(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len > tail && strcmp(text + len - tail, suffix) == 0 ? len - tail : 0;
}
