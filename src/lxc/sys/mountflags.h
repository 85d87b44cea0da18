/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_MOUNTFLAGS_H
#define LXCCKPT_SYS_MOUNTFLAGS_H

#include <stdbool.h>

/*
 * Parses the options of a mount in /proc/PID/mountinfo, "ro,nosuid,relatime", to mount()'s MS_*
 * flags. Returns false if a bind mount cannot have one of them ("idmapped").
 */
bool mount_flags_parse(const char *options, unsigned long *ret);

/* Whether the comma-separated options contain this word. */
bool mount_options_have(const char *options, const char *word);

#endif
