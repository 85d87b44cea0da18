/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mends what CRIU's image says of mounts in mount namespaces of the container's processes.
 * Runs in the command as root, at post-dump, on files that CRIU has written and closed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "criu_mounts.h"
#include "util/fd.h"
#include "util/mem.h"

#define MAGIC_MOUNTS 0x55563928
#define PREFIX	     "mountpoints-"

#define MOUNT_TYPE 1 /* of an entry */
#define MOUNT_DEV  3
#define MOUNT_ROOT 6
#define MOUNT_KEY  18

#define TYPE_DEVPTS 6

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

/* A buffer that has the room. */
struct out {
	char *p;
	size_t len;
};

static void put(struct out *out, const void *bytes, size_t len)
{
	memcpy(out->p + out->len, bytes, len);
	out->len += len;
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
	put(out, words, sizeof(words));
	put(out, entry.p, entry.len);
	if (!original)
		return;
	put(out, header, n);
	put(out, original->key.p, original->key.len);
}

/* What the keys will take; 0 where the image is to be left alone. */
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
	put(&out, text, len - image.len);
	while (take_entry(&image, &entry))
		put_entry(&out, entry, original_of(entry, keyed));
	*ret_len = out.len;
	return out.p;
}

/* --- the files --- */

struct mount_image {
	char *name;
	char *text;
	size_t len;
};

static int read_images(int dirfd, struct mount_image **ret, size_t *ret_n)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		struct mount_image *image;
		char *text = NULL;
		ssize_t len;

		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		len = read_file_at(dirfd, e->d_name, IMAGE_MAX, &text);
		if (len < 0)
			return (int)len;
		image = ARRAY_ADD(*ret, *ret_n);
		*image = (struct mount_image){xstrdup(e->d_name), text, (size_t)len};
	}
	return 0;
}

static int write_image(int dirfd, const char *name, const char *text, size_t len)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	/* it only grows */
	return write_all(fd, text, len);
}

static int mend_image(int dirfd, const struct mount_image *image, const struct keyed_mounts *keyed)
{
	size_t len = 0;
	_cleanup_free_ char *text = criu_mounts_with_keys(image->text, image->len, keyed, &len);

	return text ? write_image(dirfd, image->name, text, len) : 0;
}

int criu_mounts_mend(int dirfd)
{
	struct mount_image *images = NULL;
	struct keyed_mounts keyed = {0};
	size_t n = 0;
	int r = read_images(dirfd, &images, &n);

	/* of a container without other mount namespaces there is one */
	for (size_t i = 0; n > 1 && i < n; i++)
		criu_mounts_keyed(images[i].text, images[i].len, &keyed);
	for (size_t i = 0; r == 0 && n > 1 && i < n; i++)
		r = mend_image(dirfd, &images[i], &keyed);
	for (size_t i = 0; i < n; i++) {
		free(images[i].name);
		free(images[i].text);
	}
	free(images);
	free(keyed.v);
	return r;
}
