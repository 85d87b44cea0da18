/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which kinds of open files CRIU's image has. Runs in the monitor, as root, on the host. */
#include "config.h"

#include <string.h>

#include "criu/image_kinds.h"
#include "criu/image_names.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILE_TIMER 12 /* of an entry in files.img */
#define FILES_MAX  (256 * 1024 * 1024)

static const struct criu_kinds all = {.timers = true, .pressure = true};

struct criu_kinds criu_kinds_in(const void *files, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len}, entry;
	struct criu_kinds kinds = {0};
	struct field f = {0};

	if (!take_magic(&image, MAGIC_FILES))
		return all;
	while (take_entry(&image, &entry))
		while (take_field(&entry, &f))
			kinds.timers = kinds.timers || f.number == FILE_TIMER;
	if (image.len)
		return all;
	/* in a path, or by chance */
	kinds.pressure = memmem(files, len, "pressure", strlen("pressure")) != NULL;
	return kinds;
}

struct criu_kinds criu_image_kinds(int dirfd)
{
	_cleanup_free_ char *files = NULL;
	ssize_t len = read_file_at(dirfd, CRIU_FILES, FILES_MAX, &files);

	return len > 0 ? criu_kinds_in(files, (size_t)len) : all;
}
