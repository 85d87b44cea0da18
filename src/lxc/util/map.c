/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hash table with open addressing. Its content comes from containers, which can have a hundred
 * thousand of anything: searching a list for each would take hours. Runs in any process.
 */
#include "config.h"

#include "util/map.h"
#include "util/mem.h"

#define SIZE_FIRST 64

/* The last step of splitmix64: it moves consecutive numbers far apart. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* Its entry, or the free entry where it belongs. */
static struct map_entry *find(const struct map *m, uint64_t key)
{
	size_t i = (size_t)mix(key) & (m->size - 1);

	while (m->entries[i].used && m->entries[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->entries[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->size = old.size ? old.size * 2 : SIZE_FIRST;
	m->entries = xcalloc(m->size, sizeof(*m->entries));
	for (size_t i = 0; i < old.size; i++)
		if (old.entries[i].used)
			*find(m, old.entries[i].key) = old.entries[i];
	free(old.entries);
}

bool map_add(struct map *m, uint64_t key, size_t value)
{
	struct map_entry *e;

	if (m->n >= m->size / 2)
		grow(m);
	e = find(m, key);
	if (e->used)
		return false;
	*e = (struct map_entry){.key = key, .value = value, .used = true};
	m->n++;
	return true;
}

bool map_get(const struct map *m, uint64_t key, size_t *ret)
{
	const struct map_entry *e = m->n ? find(m, key) : NULL;

	if (!e || !e->used)
		return false;
	if (ret)
		*ret = e->value;
	return true;
}

void map_clear(struct map *m)
{
	free(m->entries);
	*m = (struct map){0};
}
