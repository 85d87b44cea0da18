/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_TEXT_H
#define LXCCKPT_UTIL_TEXT_H

#include <stddef.h>

/* How long the UTF-8 sequence at text is; 0 where there is none, or a control character. */
size_t printable_length(const char *text, size_t len);

/* Puts a '?' for each byte of a heap string that a terminal would not show as it is. */
void make_printable(char *text);

/* The same, but for the ends of its lines. One at the end of all goes. */
void make_lines_printable(char *text);

/* As a shell takes it for one word: quoted where that is needed. Caller frees. */
char *shell_word(const char *text);

#endif
