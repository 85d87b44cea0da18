/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_PROCESS_FIELDS_H
#define LXCCKPT_SYS_PROCESS_FIELDS_H

/* Values in the text of /proc/PID/stat, /proc/PID/status and /proc/PID/fdinfo. Pure. */

#include <stddef.h>
#include <sys/types.h>

/* --- stat: one line, whose second word is the name in parentheses, with anything in it --- */

/* As proc_pid_stat(5) counts them. */
enum process_stat_field {
	PROCESS_STAT_PARENT = 4,
	PROCESS_STAT_SESSION = 6,
	PROCESS_STAT_TERMINAL = 7,
	PROCESS_STAT_FOREGROUND = 8, /* the process group; -1: none */
	PROCESS_STAT_FLAGS = 9,
	PROCESS_STAT_START = 22, /* in clock ticks since boot */
};

/* 0: the text has no number there. */
long long process_stat_number(const char *stat, enum process_stat_field field);

/* The letter of the state, such as 'R'; '?': the text has none. */
char process_stat_state(const char *stat);

/* The name; NULL: the text has none. Caller frees. */
char *process_stat_name(const char *stat);

/* --- status and fdinfo: lines of the form "Name:\tvalue" --- */

/* The value of a field ("TracerPid"), or NULL. Not copied. */
const char *field_value(const char *text, const char *field);

/* The same as a number; 0 where it is missing. base as strtol()'s. */
long long field_number(const char *text, const char *field, int base);

/* The number at an index of a field with several (NSpid, NSsid); -1 where there are fewer. */
pid_t field_nth(const char *text, const char *field, size_t index);

/* How many there are. */
size_t field_count(const char *text, const char *field);

/* In the text of status: the ID in the innermost PID namespace; 0: none. */
pid_t process_status_inner_id(const char *status);

#endif
