/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_TTY_H
#define LXCCKPT_SYS_TTY_H

#include <stdbool.h>

/*
 * The settings and size of a terminal as text: hexadecimal numbers separated by ':', as `stty -g`
 * prints them, then rows and columns.
 */

/* NULL with errno. Caller frees. */
char *tty_settings_read(int fd);

/* Returns 0 or -errno; -EINVAL: not such a text. */
int tty_settings_apply(int fd, const char *text);

bool tty_settings_valid(const char *text);

#endif
