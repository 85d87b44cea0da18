/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_MONITOR_LOG_H
#define LXCCKPT_RESTORER_MONITOR_LOG_H

/*
 * The monitor's log, where and as LXC's monitor has it. It is made with the first line,
 * and what cannot be written is lost.
 */

#include "restorer/plan.h"
#include "util/error.h"

enum log_level {
	LOG_LEVEL_TRACE,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_FATAL,
};

/* The plan has to last as long as there is something to log. */
void log_setup(const struct restore_plan *p);

/* A line for each line of the text. */
void log_write(enum log_level level, const char *file, const char *function, int line,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#define log_at(level, ...) log_write((level), __FILE__, __func__, __LINE__, __VA_ARGS__)

/* Logs a failure that nobody is there to be told of. */
void log_error_object(const struct error *e);

#endif
