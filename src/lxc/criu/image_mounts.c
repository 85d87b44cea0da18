/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mends what CRIU's image says of the container's mounts, in all its mount namespaces.
 * Runs in the command as root, at post-dump, on files that CRIU has written and closed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "criu/image_edit.h"
#include "criu/image_mounts.h"
#include "criu/image_names.h"
#include "util/fd.h"
#include "util/mem.h"

#define MOUNT_TYPE	  1 /* of an entry */
#define MOUNT_ID	  2
#define MOUNT_DEV	  3
#define MOUNT_PARENT	  4
#define MOUNT_FLAGS	  5
#define MOUNT_ROOT	  6
#define MOUNT_TARGET	  7
#define MOUNT_SOURCE	  8
#define MOUNT_OPTIONS	  9
#define MOUNT_SHARED	  10
#define MOUNT_MASTER	  11
#define MOUNT_FILESYSTEM  14
#define MOUNT_DELETED	  16
#define MOUNT_SUPER_FLAGS 17
#define MOUNT_KEY	  18

#define TYPE_DEVPTS 6
#define TYPE_AUTO   16 /* of the name in MOUNT_FILESYSTEM */

#define IMAGE_MAX (64 * 1024 * 1024)

/* A key's tag takes two bytes, and its length one or two. */
#define KEY_LEN_MAX 0x3fff

static bool read_terminal(struct bytes entry, struct keyed_mount *ret)
{
	struct field f = {0};
	uint64_t type = 0;

	*ret = (struct keyed_mount){0};
	while (take_field(&entry, &f)) {
		if (f.number == MOUNT_TYPE)
			type = f.value;
		else if (f.number == MOUNT_DEV)
			ret->dev = f.value;
		else if (f.number == MOUNT_ROOT)
			ret->root = f.bytes;
		else if (f.number == MOUNT_KEY)
			ret->key = f.bytes;
	}
	/* one that could not be read to its end is left alone */
	return type == TYPE_DEVPTS && entry.len == 0;
}

void criu_mounts_keyed(const void *text, size_t len, struct keyed_mounts *keyed)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct keyed_mount m;

	if (!take_magic(&image, MAGIC_MOUNTS))
		return;
	while (take_entry(&image, &entry))
		if (read_terminal(entry, &m) && m.key.len > 0 && m.key.len <= KEY_LEN_MAX)
			*ARRAY_ADD(keyed->v, keyed->n) = m;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Whose copy an entry is; NULL: it has a key, or is none. */
static const struct keyed_mount *original_of(struct bytes entry, const struct keyed_mounts *keyed)
{
	struct keyed_mount m;

	if (!read_terminal(entry, &m) || m.key.len > 0)
		return NULL;
	for (size_t i = 0; i < keyed->n; i++)
		if (keyed->v[i].dev == m.dev && same_bytes(keyed->v[i].root, m.root))
			return &keyed->v[i];
	return NULL;
}

static size_t put_key_header(struct bytes key, uint8_t ret[4])
{
	const unsigned int tag = MOUNT_KEY << 3 | 2;
	size_t n = 0;

	ret[n++] = (uint8_t)((tag & 0x7f) | 0x80);
	ret[n++] = (uint8_t)(tag >> 7);
	if (key.len > 0x7f)
		ret[n++] = (uint8_t)((key.len & 0x7f) | 0x80);
	ret[n++] = (uint8_t)(key.len > 0x7f ? key.len >> 7 : key.len);
	return n;
}

static void put_entry(struct out *out, struct bytes entry, const struct keyed_mount *original)
{
	uint8_t header[4], words[4];
	size_t n = original ? put_key_header(original->key, header) : 0;
	size_t len = entry.len + n + (original ? original->key.len : 0);

	for (size_t i = 0; i < sizeof(words); i++)
		words[i] = (uint8_t)(len >> (8 * i));
	out_put(out, words, sizeof(words));
	out_put(out, entry.p, entry.len);
	if (!original)
		return;
	out_put(out, header, n);
	out_put(out, original->key.p, original->key.len);
}

/* Returns the size that the keys will take, or 0 if the image needs no change. */
static size_t room_for_keys(struct bytes image, const struct keyed_mounts *keyed)
{
	struct bytes entry;
	size_t room = 0;

	while (take_entry(&image, &entry)) {
		const struct keyed_mount *original = original_of(entry, keyed);

		if (original)
			room += 4 + original->key.len;
	}
	return image.len == 0 ? room : 0;
}

char *criu_mounts_with_keys(const void *text, size_t len, const struct keyed_mounts *keyed,
			    size_t *ret_len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct out out = {0};
	size_t room;

	if (!take_magic(&image, MAGIC_MOUNTS))
		return NULL;
	room = room_for_keys(image, keyed);
	if (room == 0)
		return NULL;
	out.p = xcalloc(len + room, 1);
	out_put(&out, text, len - image.len);
	while (take_entry(&image, &entry))
		put_entry(&out, entry, original_of(entry, keyed));
	*ret_len = out.len;
	return out.p;
}

/* --- what CRIU has skipped --- */

/* A tag and a number take at most 2 and 10 bytes, and there are ten numbers and lengths more. */
#define SKIPPED_MAX (4 + 14 * 12)

void skipped_mounts_clear(struct skipped_mounts *skipped)
{
	for (size_t i = 0; i < skipped->n; i++) {
		struct skipped_mount *m = &skipped->v[i];

		free(m->type);
		free(m->root);
		free(m->target);
		free(m->source);
		free(m->key);
	}
	free(skipped->v);
	*skipped = (struct skipped_mounts){0};
}

static size_t room_for(const struct skipped_mount *m)
{
	return SKIPPED_MAX + strlen(m->type) + strlen(m->root) + strlen(m->target) +
	       strlen(m->source) + (m->key ? strlen(m->key) : 0);
}

static void put_skipped(struct out *out, const struct skipped_mount *m)
{
	size_t before = out->len, len;

	out->len += 4;
	out_number_field(out, MOUNT_TYPE, TYPE_AUTO);
	out_number_field(out, MOUNT_ID, m->id);
	out_number_field(out, MOUNT_DEV, m->dev);
	out_number_field(out, MOUNT_PARENT, m->parent);
	out_number_field(out, MOUNT_FLAGS, m->flags);
	out_bytes_field(out, MOUNT_ROOT, m->root, strlen(m->root));
	out_bytes_field(out, MOUNT_TARGET, m->target, strlen(m->target));
	out_bytes_field(out, MOUNT_SOURCE, m->source, strlen(m->source));
	out_bytes_field(out, MOUNT_OPTIONS, "", 0);
	out_number_field(out, MOUNT_SHARED, m->shared);
	out_number_field(out, MOUNT_MASTER, m->master);
	out_bytes_field(out, MOUNT_FILESYSTEM, m->type, strlen(m->type));
	out_number_field(out, MOUNT_SUPER_FLAGS, m->super_flags);
	if (m->key)
		out_bytes_field(out, MOUNT_KEY, m->key, strlen(m->key));
	len = out->len - before - 4;
	for (size_t i = 0; i < 4; i++)
		out->p[before + i] = (char)(len >> (8 * i));
}

static bool has_mount(struct bytes image, unsigned int id)
{
	struct bytes entry;
	struct field f = {0};

	while (take_entry(&image, &entry))
		while (take_field(&entry, &f))
			if (f.number == MOUNT_ID && f.value == id)
				return true;
	return false;
}

/* A mount can be on one that was skipped as well, and comes after it. */
static bool has_parent(struct bytes image, const struct skipped_mounts *skipped, size_t i,
		       const bool *added)
{
	unsigned int parent = skipped->v[i].parent;

	for (size_t k = 0; k < i; k++)
		if (added[k] && skipped->v[k].id == parent)
			return true;
	return has_mount(image, parent);
}

char *criu_mounts_with_skipped(const void *text, size_t len, const struct skipped_mounts *skipped,
			       size_t *ret_len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len};
	_cleanup_free_ bool *added = xcalloc(skipped->n + 1, sizeof(*added));
	struct out out = {0};

	if (!take_magic(&image, MAGIC_MOUNTS))
		return NULL;
	for (size_t i = 0; i < skipped->n; i++) {
		const struct skipped_mount *m = &skipped->v[i];

		added[i] = has_parent(image, skipped, i, added) && !has_mount(image, m->id);
		if (!added[i])
			continue;
		out.p = xreallocarray(out.p, (out.p ? out.len : len) + room_for(m), 1);
		if (out.len == 0)
			out_put(&out, text, len);
		put_skipped(&out, m);
	}
	*ret_len = out.len;
	return out.p;
}

/* --- what CRIU says wrongly --- */

void mount_changes_clear(struct mount_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		free(changes->v[i].root);
	free(changes->v);
	*changes = (struct mount_changes){0};
}

static int compare_changes(const void *a, const void *b)
{
	unsigned int x = (*(const struct mount_change *const *)a)->id;
	unsigned int y = (*(const struct mount_change *const *)b)->id;

	return (x > y) - (x < y);
}

/* Sorted by the number of the mount. Caller frees. */
static const struct mount_change **sort_changes(const struct mount_changes *changes)
{
	const struct mount_change **v = xcalloc(changes->n + 1, sizeof(*v));

	for (size_t i = 0; i < changes->n; i++)
		v[i] = &changes->v[i];
	if (changes->n > 0)
		qsort(v, changes->n, sizeof(*v), compare_changes);
	return v;
}

static const struct mount_change *change_of(struct bytes entry, const struct mount_change **v,
					    size_t n)
{
	struct mount_change key = {0};
	const struct mount_change *p = &key, **found;
	struct field f = {0};

	while (take_field(&entry, &f))
		if (f.number == MOUNT_ID)
			key.id = (unsigned int)f.value;
	found = n == 0 || entry.len > 0 ? NULL : bsearch(&p, v, n, sizeof(*v), compare_changes);
	return found ? *found : NULL;
}

/* Numbers keep their size, and of a member that is there twice the last one counts. */
static void put_changed(struct out *out, struct bytes entry, const struct mount_change *c)
{
	size_t before = out->len, len;
	struct bytes copy;
	struct field f = {0};
	bool whole = false;

	out->len += 4;
	out_put(out, entry.p, entry.len);
	copy = (struct bytes){(uint8_t *)out->p + before + 4, entry.len};
	while (c && take_field(&copy, &f)) {
		if (f.number == MOUNT_FLAGS)
			replace_number(f.bytes, f.value | c->flags);
		else if (f.number == MOUNT_MASTER && c->no_master)
			replace_number(f.bytes, 0);
		else if (f.number == MOUNT_ROOT)
			whole = f.bytes.len == 1 && *f.bytes.p == '/';
	}
	if (c && c->root && whole)
		out_bytes_field(out, MOUNT_ROOT, c->root, strlen(c->root));
	len = out->len - before - 4;
	for (size_t i = 0; i < 4; i++)
		out->p[before + i] = (char)(len >> (8 * i));
}

char *criu_mounts_with_changes(const void *text, size_t len, const struct mount_changes *changes,
			       size_t *ret_len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry, rest;
	_cleanup_free_ const struct mount_change **v = sort_changes(changes);
	const struct mount_change *c;
	struct out out = {0};
	size_t room = 0, known = 0;
	bool any = false;

	if (!take_magic(&image, MAGIC_MOUNTS))
		return NULL;
	for (rest = image; take_entry(&rest, &entry); known += 4 + entry.len) {
		c = change_of(entry, v, changes->n);
		any = any || c;
		room += c && c->root ? 12 + strlen(c->root) : 0;
	}
	if (!any || known != image.len)
		return NULL;
	out.p = xcalloc(len + room, 1);
	out_put(&out, text, len - image.len);
	while (take_entry(&image, &entry)) {
		c = change_of(entry, v, changes->n);
		if (!c || !c->drop)
			put_changed(&out, entry, c);
	}
	*ret_len = out.len;
	return out.p;
}

bool criu_mounts_deleted_in(const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;
	struct field f = {0};

	if (!take_magic(&image, MAGIC_MOUNTS))
		return false;
	while (take_entry(&image, &entry))
		while (take_field(&entry, &f))
			if (f.number == MOUNT_DELETED && f.value)
				return true;
	return false;
}

/* --- the files --- */

struct mount_image {
	char *name;
	char *text;
	size_t len;
	bool changed;
};

static int count(int dirfd, const char *name, void *userdata)
{
	(void)dirfd;
	(void)name;
	(*(size_t *)userdata)++;
	return 0;
}

bool criu_mounts_nested(int dirfd)
{
	size_t n = 0;

	each_image(dirfd, CRIU_MOUNTS_PREFIX, count, &n);
	return n > 1;
}

int criu_mounts_read(int dirfd, const char *name, struct mount_images *images)
{
	char *text = NULL;
	ssize_t len = read_file_at(dirfd, name, IMAGE_MAX, &text);

	if (len < 0)
		return (int)len;
	*ARRAY_ADD(images->v, images->n) =
		(struct mount_image){xstrdup(name), text, (size_t)len, false};
	return 0;
}

void mount_images_clear(struct mount_images *images)
{
	for (size_t i = 0; i < images->n; i++) {
		free(images->v[i].name);
		free(images->v[i].text);
	}
	free(images->v);
	*images = (struct mount_images){0};
}

static int write_image(int dirfd, const char *name, const char *text, size_t len)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	return write_all(fd, text, len);
}

/* Takes the text; NULL: it stays as it is. */
static void set_text(struct mount_image *image, char *text, size_t len)
{
	if (!text)
		return;
	free(image->text);
	image->text = text;
	image->len = len;
	image->changed = true;
}

static void correct(struct mount_image *image, const struct skipped_mounts *skipped,
		    const struct mount_changes *changes)
{
	size_t len = 0;
	char *text = NULL;

	if (skipped->n > 0)
		text = criu_mounts_with_skipped(image->text, image->len, skipped, &len);
	set_text(image, text, len);
	text = NULL;
	if (changes->n > 0)
		text = criu_mounts_with_changes(image->text, image->len, changes, &len);
	set_text(image, text, len);
}

static int mend_image(int dirfd, const struct mount_image *image, const struct keyed_mounts *keyed)
{
	size_t len = 0;
	_cleanup_free_ char *text = criu_mounts_with_keys(image->text, image->len, keyed, &len);

	if (text)
		return write_image(dirfd, image->name, text, len);
	return image->changed ? write_image(dirfd, image->name, image->text, image->len) : 0;
}

int criu_mounts_mend(int dirfd, struct mount_images *images, const struct skipped_mounts *skipped,
		     const struct mount_changes *changes)
{
	struct keyed_mounts keyed = {0};
	int r = 0;

	for (size_t i = 0; i < images->n; i++)
		correct(&images->v[i], skipped, changes);
	/* of a container without other mount namespaces there is one */
	for (size_t i = 0; images->n > 1 && i < images->n; i++)
		criu_mounts_keyed(images->v[i].text, images->v[i].len, &keyed);
	for (size_t i = 0; r == 0 && i < images->n; i++)
		r = mend_image(dirfd, &images->v[i], &keyed);
	free(keyed.v);
	return r;
}

static int look_for_deleted(int dirfd, const char *name, void *userdata)
{
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(dirfd, name, IMAGE_MAX, &text);

	if (len > 0 && criu_mounts_deleted_in(text, (size_t)len))
		*(bool *)userdata = true;
	return 0;
}

bool criu_mounts_deleted(int dirfd)
{
	bool found = false;

	each_image(dirfd, CRIU_MOUNTS_PREFIX, look_for_deleted, &found);
	return found;
}
