/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_CLOCK_H
#define LXCCKPT_UTIL_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that nobody sets: of CLOCK_MONOTONIC. */
int64_t monotonic_ms(void);

#endif
