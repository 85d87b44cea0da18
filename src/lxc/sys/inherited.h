/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_INHERITED_H
#define LXCCKPT_SYS_INHERITED_H

/*
 * What a process inherits. The settings of somebody's shell, cron job or service must not apply to
 * CRIU, and settings that CRIU does not change stay with the restored processes.
 */

#include <stdbool.h>

/*
 * Raises every limit of this process as far as possible, except the stack's, which becomes the
 * default.
 */
void limits_raise(void);

/*
 * Raises only the limit of file sizes, as long as a library call writes files. Each call needs its
 * file_limit_end().
 */
void file_limit_begin(void);
void file_limit_end(void);

/* For a child: restores the limits that the two functions above found. */
void limits_put_back(void);

/*
 * Sets scheduling, memory policy, personality and so on of this process to their defaults. For a
 * child with one thread.
 */
void settings_reset(void);

/*
 * Finds a setting that cannot be removed from a process, in words, and its effect on restored
 * processes. NULL: none. Static.
 */
struct for_good {
	const char *what, *harm;
};
const struct for_good *settings_for_good(void);

/* Parts of it. Call the first one in a child. */
bool is_in_landlock(void);
bool has_seccomp_filter(void);

#endif
