/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The deleted files in CRIU's image: which there are, and what they hold. Some have names that are
 * too long for CRIU to restore, or CRIU makes and removes them in an order that fails. Pure.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_ghosts.h"
#include "criu/image_names.h"
#include "util/map.h"
#include "util/mem.h"

#define REGULAR_ID   1 /* of a regular file in files.img */
#define REGULAR_PATH 6

#define REMAP_ORIGINAL 1 /* of an entry in remap-fpath.img */
#define REMAP_ID       2
#define REMAP_TYPE     3

#define GHOST_MODE   3 /* of the entry in ghost-file-*.img */
#define GHOST_RDEV   6
#define GHOST_CHUNKS 9
#define GHOST_SIZE   10
#define GHOST_TARGET 11

#define CHUNK_LEN    1 /* of what is before each part of its content */
#define CHUNK_OFFSET 2

#define TYPE_LINK  0
#define TYPE_GHOST 1

#define KEPT_MAX 200 /* of a name: the rest is the file's number */

struct remap {
	uint32_t original, id;
	uint64_t type;
};

static bool take_remap(struct bytes *image, struct remap *ret)
{
	struct bytes entry;
	struct field f = {0};

	*ret = (struct remap){.type = TYPE_LINK};
	if (!take_entry(image, &entry))
		return false;
	while (take_field(&entry, &f)) {
		if (f.number == REMAP_ORIGINAL)
			ret->original = (uint32_t)f.value;
		else if (f.number == REMAP_ID)
			ret->id = (uint32_t)f.value;
		else if (f.number == REMAP_TYPE)
			ret->type = f.value;
	}
	return true;
}

uint32_t *criu_ghosts_read(const void *remaps, size_t len, size_t *ret_n)
{
	struct bytes image = {(uint8_t *)(uintptr_t)remaps, len};
	uint32_t *ghosts = NULL;
	struct remap remap;

	*ret_n = 0;
	if (!take_magic(&image, MAGIC_REMAPS))
		return NULL;
	while (take_remap(&image, &remap))
		if (remap.type == TYPE_GHOST)
			*ARRAY_ADD(ghosts, *ret_n) = remap.original;
	return ghosts;
}

size_t criu_ghosts_names(const void *remaps, size_t len, struct criu_ghost_name **ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)remaps, len};
	_cleanup_map_ struct map seen = {0};
	struct remap remap;
	size_t n = 0;

	*ret = NULL;
	if (!take_magic(&image, MAGIC_REMAPS))
		return 0;
	while (take_remap(&image, &remap))
		if (remap.type == TYPE_GHOST && map_add(&seen, remap.id, n))
			*ARRAY_ADD(*ret, n) = (struct criu_ghost_name){
				.file = remap.original,
				.ghost = remap.id,
			};
	return n;
}

bool criu_ghosts_have_links(const void *remaps, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)remaps, len};
	struct remap remap;

	if (!take_magic(&image, MAGIC_REMAPS))
		return false;
	while (take_remap(&image, &remap))
		if (remap.type == TYPE_LINK)
			return true;
	return false;
}

bool criu_ghost_parse(const void *text, size_t len, struct criu_ghost *ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct field f = {0};

	*ret = (struct criu_ghost){0};
	if (!take_magic(&image, MAGIC_GHOST) || !take_entry(&image, &entry))
		return false;
	while (take_field(&entry, &f)) {
		if (f.number == GHOST_MODE)
			ret->mode = (unsigned int)f.value;
		else if (f.number == GHOST_RDEV)
			ret->rdev = (uint32_t)f.value;
		else if (f.number == GHOST_CHUNKS)
			ret->in_chunks = f.value != 0;
		else if (f.number == GHOST_SIZE)
			ret->size = f.value;
		else if (f.number == GHOST_TARGET)
			ret->target = f.bytes;
	}
	ret->content = image;
	if (!ret->in_chunks)
		ret->size = image.len;
	return true;
}

bool criu_ghost_take_chunk(const struct criu_ghost *ghost, struct bytes *rest,
			   struct ghost_chunk *ret)
{
	struct bytes entry, from = *rest;
	struct field f = {0};
	uint64_t size = 0;

	*ret = (struct ghost_chunk){0};
	if (!ghost->in_chunks) {
		ret->data = from;
		*rest = (struct bytes){0};
		return from.len > 0;
	}
	if (!take_entry(&from, &entry))
		return false;
	while (take_field(&entry, &f)) {
		if (f.number == CHUNK_LEN)
			size = f.value;
		else if (f.number == CHUNK_OFFSET)
			ret->offset = f.value;
	}
	if (size > from.len || ret->offset > ghost->size || size > ghost->size - ret->offset)
		return false;
	ret->data = (struct bytes){from.p, size};
	*rest = (struct bytes){from.p + size, from.len - size};
	return true;
}

/* The number and the path in a regular file's entry. */
static bool find_path(struct bytes entry, uint32_t *ret_id, struct bytes *ret)
{
	struct field f = {0};
	struct bytes regular;

	*ret_id = 0;
	*ret = (struct bytes){0};
	if (!take_regular(entry, &regular))
		return false;
	while (take_field(&regular, &f)) {
		if (f.number == REGULAR_ID)
			*ret_id = (uint32_t)f.value;
		else if (f.number == REGULAR_PATH)
			*ret = f.bytes;
	}
	return ret->len > 1 && ret->p[0] == '/';
}

/*
 * The path keeps its length: "/tmp/long" becomes "/././tmp/l.00000001". Not "//tmp", because
 * CRIU takes one slash off its front and what is left would be absolute.
 */
static void shorten(struct bytes path, size_t name_at, uint32_t id)
{
	_cleanup_free_ char *old = xstrndup((const char *)path.p, path.len);
	size_t kept = KEPT_MAX, fill;
	char number[10];

	/* no half of a character */
	while (kept > 0 && ((uint8_t)old[name_at + kept] & 0xc0) == 0x80)
		kept--;
	snprintf(number, sizeof(number), ".%08x", id);
	fill = path.len - name_at - kept - strlen(number);
	for (size_t i = 0; i < fill; i++)
		path.p[1 + i] = i % 2 ? '/' : '.';
	/* an odd one is a second slash */
	path.p[fill] = '/';
	memcpy(path.p + 1 + fill, old + 1, name_at - 1 + kept);
	memcpy(path.p + fill + name_at + kept, number, strlen(number));
}

size_t criu_ghosts_shorten(void *files, size_t len, const uint32_t *ghosts, size_t n)
{
	struct bytes image = {files, len}, entry, path;
	size_t changed = 0;
	uint32_t id;

	if (n == 0 || !take_magic(&image, MAGIC_FILES))
		return 0;
	while (take_entry(&image, &entry)) {
		const uint8_t *slash;
		size_t name_at;

		if (!find_path(entry, &id, &path))
			continue;
		slash = memrchr(path.p, '/', path.len);
		name_at = (size_t)(slash - path.p) + 1;
		/* few are so long: the others need not be looked for */
		if (path.len - name_at <= CRIU_GHOST_NAME_MAX || !is_among(id, ghosts, n))
			continue;
		shorten(path, name_at, id);
		changed++;
	}
	return changed;
}

struct ordered {
	struct bytes record; /* in a copy of the image */
	size_t at;	     /* among the others */
	uint32_t id;
	size_t path_len;
};

static int compare_ids(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int longest_first(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->path_len != y->path_len)
		return x->path_len > y->path_len ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* By their numbers, of which there may be several of one. */
static void add_lengths(struct ordered *remaps, size_t n, const void *files, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len}, entry, path;
	struct ordered key = {0};

	if (!take_magic(&image, MAGIC_FILES))
		return;
	while (take_entry(&image, &entry)) {
		struct ordered *r;

		if (!find_path(entry, &key.id, &path))
			continue;
		r = bsearch(&key, remaps, n, sizeof(*remaps), compare_ids);
		while (r && r > remaps && r[-1].id == key.id)
			r--;
		for (; r && r < remaps + n && r->id == key.id; r++)
			r->path_len = path.len;
	}
}

/* Fails for one that ends within an entry. */
static struct ordered *split_remaps(struct bytes image, size_t *ret_n)
{
	struct ordered *remaps = NULL;
	uint8_t *start = image.p;
	struct remap remap;

	*ret_n = 0;
	while (take_remap(&image, &remap)) {
		const struct ordered r = {
			{start, (size_t)(image.p - start)}, *ret_n, remap.original, 0};

		*ARRAY_ADD(remaps, *ret_n) = r;
		start = image.p;
	}
	if (image.len)
		*ret_n = 0;
	return remaps;
}

bool criu_ghosts_order(void *remaps, size_t len, const void *files, size_t files_len)
{
	_cleanup_free_ uint8_t *copy = xcalloc(len + 1, 1);
	struct bytes image = {memcpy(copy, remaps, len), len};
	_cleanup_free_ struct ordered *sorted = NULL;
	uint8_t *to = remaps;
	bool changed = false;
	size_t n;

	if (!take_magic(&image, MAGIC_REMAPS))
		return false;
	to += len - image.len;
	sorted = split_remaps(image, &n);
	if (n < 2)
		return false;
	qsort(sorted, n, sizeof(*sorted), compare_ids);
	add_lengths(sorted, n, files, files_len);
	qsort(sorted, n, sizeof(*sorted), longest_first);
	for (size_t i = 0; i < n; to += sorted[i++].record.len) {
		changed = changed || sorted[i].at != i;
		memcpy(to, sorted[i].record.p, sorted[i].record.len);
	}
	return changed;
}
