/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Puts the container's /dev/null in the place of a file of the host, in CRIU's image. Runs in the
 * command, as root, on the host; the mending on files that CRIU has written.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "criu/image_names.h"
#include "criu/null_files.h"
#include "criu/protobuf.h"
#include "util/mem.h"

#define REGULAR_FLAGS	 2
#define REGULAR_PATH	 6
#define REGULAR_SIZE	 8
#define REGULAR_MODE	 10
#define REGULAR_BUILD_ID 11 /* several numbers */
#define REGULAR_UNUSED	 15 /* no member of CRIU's has this number */

/* Before a number, in one byte. */
#define TAG_OF(member) ((member) << 3)

#define TOLD   "file[" /* what CRIU was told, "file[1f:4]", stands where other files have a path */
#define FOLDER "/dev"
#define NAME   "null"

bool null_files_add(struct null_files *all, unsigned int mount, uint64_t inode)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].mount == mount && all->v[i].inode == inode)
			return true;
	if (all->n == NULL_FILES_MAX)
		return false;
	*ARRAY_ADD(all->v, all->n) = (struct null_file){mount, inode};
	return true;
}

bool null_files_add_pipe(struct null_files *all, uint64_t inode)
{
	if (is_among((uint32_t)inode, all->pipes, all->n_pipes))
		return true;
	if (all->n_pipes == NULL_FILES_MAX)
		return false;
	*ARRAY_ADD(all->pipes, all->n_pipes) = (uint32_t)inode;
	return true;
}

void null_files_clear(struct null_files *all)
{
	free(all->v);
	free(all->pipes);
	*all = (struct null_files){0};
}

static bool was_told(const struct field *path)
{
	return path->bytes.len >= strlen(FOLDER "/" NAME) &&
	       memcmp(path->bytes.p, TOLD, strlen(TOLD)) == 0;
}

/* The length stays: "/dev//null". */
static void set_path(struct bytes path)
{
	memset(path.p, '/', path.len);
	memcpy(path.p, FOLDER, strlen(FOLDER));
	memcpy(path.p + path.len - strlen(NAME), NAME, strlen(NAME));
}

/* CRIU would compare it with that of what it opens, and skips members that it does not know. */
static void hide_build_id(struct bytes regular)
{
	struct field f = {0};

	while (take_field(&regular, &f))
		if (f.number == REGULAR_BUILD_ID && f.bytes.p[-1] == TAG_OF(REGULAR_BUILD_ID))
			f.bytes.p[-1] = TAG_OF(REGULAR_UNUSED);
}

/* CRIU compares size and mode with those of what it opens. */
static bool mend(struct bytes regular)
{
	struct field f = {0}, path = {0}, size = {0}, mode = {0}, flags = {0};
	const struct bytes all = regular;

	while (take_field(&regular, &f)) {
		if (f.number == REGULAR_PATH)
			path = f;
		else if (f.number == REGULAR_SIZE)
			size = f;
		else if (f.number == REGULAR_MODE)
			mode = f;
		else if (f.number == REGULAR_FLAGS)
			flags = f;
	}
	if (!path.number || !was_told(&path) ||
	    (mode.number && !replace_number(mode.bytes, NULL_FILE_MODE)))
		return false;
	if (size.number)
		replace_number(size.bytes, 0);
	if (flags.number)
		replace_number(flags.bytes, flags.value & NULL_FLAGS);
	hide_build_id(all);
	set_path(path.bytes);
	return true;
}

size_t null_files_mend(void *files, size_t len)
{
	struct bytes image = {files, len}, entry, regular;
	size_t mended = 0;

	if (!take_magic(&image, MAGIC_FILES))
		return 0;
	while (take_entry(&image, &entry))
		if (take_regular(entry, &regular) && mend(regular))
			mended++;
	return mended;
}
