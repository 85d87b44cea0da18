/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_TTY_H
#define LXCCKPT_SYS_TTY_H

#include <stdbool.h>

/*
 * A terminal's settings and size as text: hexadecimal numbers with ':' between
 * them, as `stty -g` prints, then rows and columns.
 */

/* NULL with errno. Caller frees. */
char *tty_settings_read(int fd);

/* 0 or -errno; -EINVAL for a text that is none. */
int tty_settings_apply(int fd, const char *text);

bool tty_settings_valid(const char *text);

#endif
