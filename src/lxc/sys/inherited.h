/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_INHERITED_H
#define LXCCKPT_SYS_INHERITED_H

/*
 * What a process has from the one that started it. Somebody's shell, cron job or service is no
 * measure for CRIU, and what CRIU does not set itself stays with the restored processes for good.
 */

#include <stdbool.h>

/* Every limit of this process as high as it may be, the stack's as usual. */
void limits_raise(void);

/*
 * That of the largest file alone, for as long as a library call writes files. Each call has its
 * file_limit_end().
 */
void file_limit_begin(void);
void file_limit_end(void);

/* For a child: the limits that these two have found. */
void limits_put_back(void);

/*
 * Scheduling, memory policy, personality and so on of this process as a process has them that
 * was never given others. For a child of one thread.
 */
void settings_reset(void);

/*
 * What nobody can take from a process any more, as words, and what it does to those that are
 * restored with it. NULL: nothing. Static.
 */
struct for_good {
	const char *what, *harm;
};
const struct for_good *settings_for_good(void);

/* Parts of it. The first is asked by a child. */
bool is_in_landlock(void);
bool has_seccomp_filter(void);

#endif
