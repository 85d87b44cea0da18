/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_TEXT_H
#define LXCCKPT_UTIL_TEXT_H

/*
 * What containers, images and CRIU's logs say goes to terminals: names of files and
 * processes can be made to move the cursor, set titles, or read backwards. All that is shown
 * or logged goes through say(), error_format() or log_write(), which have it made printable here.
 */

#include <stddef.h>
#include <stdio.h>

/*
 * How long the UTF-8 sequence at text is; 0 where there is none, or what would not be
 * seen as it is: a control character, or one that changes the direction of others.
 */
size_t printable_length(const char *text, size_t len);

/* Puts a '?' for each byte of a heap string that a terminal would not show as it is. */
void make_printable(char *text);

/* The same, but for the ends of its lines. One at the end of all goes. */
void make_lines_printable(char *text);

/* A part of a line, or the rest of one with its end: in between there is none that would be real.
 */
void say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The length of what is before the suffix; 0: nothing, or text does not end with it. */
size_t length_before(const char *text, const char *suffix);

/* Returns text as one word of a shell, quoted if needed. Caller frees. */
char *shell_word(const char *text);

#endif
