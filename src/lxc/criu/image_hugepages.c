/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads CRIU's image of what processes have mapped, for the check before a restore. */
#include "config.h"

#include <fcntl.h>
#include <linux/mman.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "criu/image_edit.h"
#include "criu/image_hugepages.h"
#include "criu/image_names.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define MM_MAX (64 * 1024 * 1024)

#define MM_AREA	    14 /* of the entry in mm-*.img */
#define AREA_START  1
#define AREA_END    2
#define AREA_OFFSET 3
#define AREA_SHARED 4
#define AREA_FLAGS  6

static bool read_area(struct bytes entry, struct huge_area *ret)
{
	uint64_t start = 0, end = 0, offset = 0, shared = 0, flags = 0;
	struct field f = {0};

	while (take_field(&entry, &f)) {
		if (f.number == AREA_START)
			start = f.value;
		else if (f.number == AREA_END)
			end = f.value;
		else if (f.number == AREA_OFFSET)
			offset = f.value;
		else if (f.number == AREA_SHARED)
			shared = f.value;
		else if (f.number == AREA_FLAGS)
			flags = f.value;
	}
	if (!(flags & MAP_HUGETLB) || (flags & MAP_NORESERVE) || end <= start)
		return false;
	ret->shift = (unsigned int)(flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
	ret->shared = (flags & MAP_SHARED) ? shared + 1 : 0;
	ret->size = (ret->shared ? offset : 0) + (end - start);
	return true;
}

static void add_area(struct huge_areas *areas, const struct huge_area *new)
{
	for (size_t i = 0; new->shared && i < areas->n; i++) {
		struct huge_area *a = &areas->v[i];

		if (a->shared != new->shared || a->shift != new->shift)
			continue;
		if (new->size > a->size)
			a->size = new->size;
		return;
	}
	*ARRAY_ADD(areas->v, areas->n) = *new;
}

void criu_hugepages_add(struct huge_areas *areas, const void *mm, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)mm, len}, entry;
	struct field f = {0};
	struct huge_area area;

	if (!take_magic(&image, MAGIC_MM) || !take_entry(&image, &entry))
		return;
	while (take_field(&entry, &f))
		if (f.number == MM_AREA && read_area(f.bytes, &area))
			add_area(areas, &area);
}

static int add_image(int dirfd, const char *name, void *areas)
{
	_cleanup_free_ char *mm = NULL;
	ssize_t len = read_file_at(dirfd, name, MM_MAX, &mm);

	if (len > 0)
		criu_hugepages_add(areas, mm, (size_t)len);
	return 0;
}

void criu_hugepages_read(int dirfd, struct huge_areas *ret)
{
	each_image(dirfd, CRIU_MM_PREFIX, add_image, ret);
}
