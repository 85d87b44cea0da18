/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_MAP_H
#define LXCCKPT_UTIL_MAP_H

/* Maps numbers to numbers, in constant time: struct map m = {0}. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_entry {
		uint64_t key;
		size_t value;
		bool used;
	} *entries;
	size_t size; /* 0, or a power of two */
	size_t n;
};

/* Returns false if the key exists; its value stays. */
bool map_add(struct map *m, uint64_t key, size_t value);

/* ret may be NULL. */
bool map_get(const struct map *m, uint64_t key, size_t *ret);

void map_clear(struct map *m);
#define _cleanup_map_ __attribute__((cleanup(map_clear)))

/* Makes one key of two numbers, such as those of a namespace and of something in it. */
static inline uint64_t map_key(uint64_t high, uint32_t low)
{
	return high << 32 | low;
}

#endif
