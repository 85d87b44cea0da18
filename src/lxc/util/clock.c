/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the clock for waits and timeouts. Runs in any process. */
#include "config.h"

#include "util/clock.h"

int64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct timespec monotonic_at(int64_t us)
{
	return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

int64_t monotonic_ms(void)
{
	return monotonic_us() / 1000;
}
