/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_REFUSE_H
#define LXCCKPT_TOOLS_REFUSE_H

#include "tools/arguments.h"

/* Prints to stderr, even with -q. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A usage error. Returns EXIT_USAGE. */
int refuse_usage(const struct arguments *a, const char *why);

/* Nothing was touched. hint may be NULL. Returns EXIT_REFUSED. */
int refuse(const struct arguments *a, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
