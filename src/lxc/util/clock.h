/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_CLOCK_H
#define LXCCKPT_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Reads CLOCK_MONOTONIC, which nobody can set. */
int64_t monotonic_ms(void);
int64_t monotonic_us(void);

/* The same moment, as pthread_cond_timedwait() takes it. */
struct timespec monotonic_at(int64_t us);

#endif
