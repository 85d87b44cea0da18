/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_FILE_TIMES_H
#define LXCCKPT_CARRY_FILE_TIMES_H

/*
 * A file in the image: size and time of last modification of each regular file that a
 * process had open or mapped, when all processes stood still. One a line, by the number
 * that CRIU gave the open file, in ascending order: "12 4096 1769860800.123456789". Its
 * path is in CRIU's image. Files that are in the checkpoint themselves are not among them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_TIMES_NAME "file-times"
#define FILE_TIMES_MAX	(64 * 1024 * 1024)

struct file_time {
	uint32_t id; /* as criu_file's */
	uint64_t size;
	struct timespec mtime;
};

struct file_times {
	struct file_time *v;
	size_t n;
};

enum file_age {
	FILE_SAME,
	FILE_RESIZED, /* another size, and not newer */
	FILE_NEWER,
	FILE_OLDER, /* by more than a copy's rounding, with the same size */
};

/* Pure. Strict; not 0: it is not such a file. */
int file_times_parse(const char *text, size_t len, struct file_times *ret);

/* Pure. Sorts. Caller frees. */
char *file_times_format(struct file_times *t);

/* NULL: not known. */
const struct file_time *file_times_find(const struct file_times *t, uint32_t id);

/*
 * Pure. A copy of the file may have lost a part of its time: one that was cut off makes it
 * older, and one that was rounded makes it newer by less than a microsecond.
 */
enum file_age file_time_compare(const struct file_time *then, const struct stat *now);

/* "2026-01-31T12:00:00Z". Caller frees. */
char *file_time_text(time_t when);

void file_times_clear(struct file_times *t);
#define _cleanup_file_times_ __attribute__((cleanup(file_times_clear)))

#endif
