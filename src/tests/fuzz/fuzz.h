/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TESTS_FUZZ_H
#define LXCCKPT_TESTS_FUZZ_H

/*
 * Each fuzz_NAME.c is a program of its own with clang's libFuzzer, which calls this
 * with whatever has reached new code. scripts/fuzz builds and runs them; corpus/NAME
 * is what they begin with, with every input that once broke something.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), which another NDEBUG could turn off. */
static inline void must(int condition)
{
	if (!condition)
		abort();
}

#endif
