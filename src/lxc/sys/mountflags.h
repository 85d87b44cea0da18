/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_MOUNTFLAGS_H
#define LXCCKPT_SYS_MOUNTFLAGS_H

#include <stdbool.h>

/*
 * Reads what /proc/PID/mountinfo says of one mount, "ro,nosuid,relatime", as
 * mount()'s MS_* flags. False where a word is none that a bind mount can be
 * given ("idmapped" is such a one).
 */
bool mount_flags_parse(const char *options, unsigned long *ret);

/* Whether the comma separated options have this word. */
bool mount_options_have(const char *options, const char *word);

#endif
