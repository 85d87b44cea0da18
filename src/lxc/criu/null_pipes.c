/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Puts the container's /dev/null in the place of pipes in CRIU's image, for --drop-outside: their
 * other ends are outside of the container. Nothing changes in the container. Runs in the command at
 * post-dump, as root in the host's namespaces, on files that CRIU has written.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/image_edit.h"
#include "criu/image_names.h"
#include "criu/null_pipes.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILE_TYPE     1 /* of an entry of files.img */
#define FILE_ID	      2
#define FILE_REGULAR  3
#define FILE_PIPE     18
#define PIPE_ID	      1 /* of FILE_PIPE */
#define PIPE_INODE    2
#define PIPE_FLAGS    3
#define PIPE_OWNER    4
#define REGULAR_ID    1 /* of FILE_REGULAR */
#define REGULAR_FLAGS 2
#define REGULAR_POS   3
#define REGULAR_OWNER 5
#define REGULAR_PATH  6
#define REGULAR_MODE  10
#define FDINFO_ID     1 /* of an entry of fdinfo-N.img */
#define FDINFO_TYPE   3
#define TYPE_REGULAR  1
#define TYPE_PIPE     2

#define FDINFO_PREFIX "fdinfo-"
#define DEV_NULL      "/dev/null"
#define FILES_MAX     (1024 * 1024 * 1024)

/* More than all but the owner takes, of an entry with /dev/null. */
#define ENTRY_MAX 128

struct pipe_entry {
	uint32_t id;
	uint32_t flags;
	uint32_t inode;
	struct bytes owner;
};

static bool read_pipe(struct bytes entry, struct pipe_entry *ret)
{
	struct field f = {0};
	struct bytes pipe = {0};
	uint64_t type = 0;

	while (take_field(&entry, &f)) {
		if (f.number == FILE_TYPE)
			type = f.value;
		else if (f.number == FILE_PIPE)
			pipe = f.bytes;
	}
	*ret = (struct pipe_entry){0};
	while (take_field(&pipe, &f)) {
		if (f.number == PIPE_ID)
			ret->id = (uint32_t)f.value;
		else if (f.number == PIPE_INODE)
			ret->inode = (uint32_t)f.value;
		else if (f.number == PIPE_FLAGS)
			ret->flags = (uint32_t)f.value;
		else if (f.number == PIPE_OWNER)
			ret->owner = f.bytes;
	}
	/* one that could not be read to its end is left alone */
	return type == TYPE_PIPE && entry.len == 0 && pipe.len == 0 && ret->owner.p;
}

static void put_null(struct out *out, const struct pipe_entry *pipe)
{
	_cleanup_free_ char *space = xcalloc(2, ENTRY_MAX + pipe->owner.len);
	struct out regular = {space, 0}, entry = {space + ENTRY_MAX + pipe->owner.len, 0};

	out_number_field(&regular, REGULAR_ID, pipe->id);
	out_number_field(&regular, REGULAR_FLAGS, pipe->flags & NULL_FLAGS);
	out_number_field(&regular, REGULAR_POS, 0);
	out_bytes_field(&regular, REGULAR_OWNER, pipe->owner.p, pipe->owner.len);
	out_bytes_field(&regular, REGULAR_PATH, DEV_NULL, strlen(DEV_NULL));
	out_number_field(&regular, REGULAR_MODE, NULL_FILE_MODE);
	out_number_field(&entry, FILE_TYPE, TYPE_REGULAR);
	out_number_field(&entry, FILE_ID, pipe->id);
	out_bytes_field(&entry, FILE_REGULAR, regular.p, regular.len);
	out_word(out, entry.len);
	out_put(out, entry.p, entry.len);
}

char *null_pipes_in_files(const void *files, size_t len, const uint32_t *inodes, size_t n,
			  struct null_ids *ids, size_t *ret_len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len}, entry, rest;
	struct pipe_entry pipe;
	struct out out = {0};
	size_t space = 0, known = 0;

	if (!take_magic(&image, MAGIC_FILES))
		return NULL;
	for (rest = image; take_entry(&rest, &entry); known += 4 + entry.len)
		if (read_pipe(entry, &pipe) && is_among(pipe.inode, inodes, n)) {
			*ARRAY_ADD(ids->v, ids->n) = pipe.id;
			space += ENTRY_MAX + pipe.owner.len;
		}
	if (ids->n == 0 || known != image.len)
		return NULL;
	out.p = xcalloc(len + space, 1);
	out_put(&out, files, len - image.len);
	while (take_entry(&image, &entry)) {
		if (read_pipe(entry, &pipe) && is_among(pipe.inode, inodes, n)) {
			put_null(&out, &pipe);
			continue;
		}
		out_word(&out, entry.len);
		out_put(&out, entry.p, entry.len);
	}
	*ret_len = out.len;
	return out.p;
}

size_t null_pipes_in_descriptors(void *descriptors, size_t len, const struct null_ids *ids)
{
	struct bytes image = {descriptors, len}, entry;
	size_t changed = 0;

	if (!take_magic(&image, MAGIC_FDINFO))
		return 0;
	while (take_entry(&image, &entry)) {
		struct field f = {0}, type = {0};
		uint32_t id = 0;

		while (take_field(&entry, &f)) {
			if (f.number == FDINFO_ID)
				id = (uint32_t)f.value;
			else if (f.number == FDINFO_TYPE)
				type = f;
		}
		if (type.number && type.value == TYPE_PIPE && is_among(id, ids->v, ids->n))
			changed += replace_number(type.bytes, TYPE_REGULAR);
	}
	return changed;
}

static void mend_descriptors(void *image, size_t len, void *userdata)
{
	null_pipes_in_descriptors(image, len, userdata);
}

static int mend_process(int dirfd, const char *name, void *userdata)
{
	return edit_image(dirfd, name, mend_descriptors, userdata);
}

static int write_files(int dirfd, const char *text, size_t len)
{
	_cleanup_close_ int fd = openat(dirfd, CRIU_FILES, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		return -errno;
	return write_all(fd, text, len);
}

int null_pipes_mend(int dirfd, const struct null_files *all, struct error **reterr)
{
	_cleanup_free_ char *files = NULL, *text = NULL;
	struct null_ids ids = {0};
	size_t text_len = 0;
	ssize_t len;
	int r = 0;

	if (all->n_pipes == 0)
		return 0;
	len = read_file_at(dirfd, CRIU_FILES, FILES_MAX, &files);
	if (len > 0)
		text = null_pipes_in_files(files, (size_t)len, all->pipes, all->n_pipes, &ids,
					   &text_len);
	else
		r = len < 0 ? (int)len : 0;
	if (text)
		r = write_files(dirfd, text, text_len);
	if (text && r == 0)
		r = each_image(dirfd, FDINFO_PREFIX, mend_process, &ids);
	free(ids.v);
	return r < 0 ? error_set(reterr, -r, "cannot put /dev/null into CRIU's image: %s",
				 strerror(-r))
		     : 0;
}
