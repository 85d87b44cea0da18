/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_CPUS_H
#define LXCCKPT_UTIL_CPUS_H

#include <sched.h>
#include <stdbool.h>

/* A set of CPUs in the kernel's format: "0-3,8", "" for none. Caller frees. */
char *cpus_format(const cpu_set_t *set);

/*
 * Parses that format, with or without a newline; false: not such a text, or a CPU beyond
 * CPU_SETSIZE.
 */
bool cpus_parse(const char *text, cpu_set_t *ret);

#endif
