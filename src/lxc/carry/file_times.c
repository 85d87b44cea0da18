/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Text and comparison of the times that files had at a checkpoint. Pure: the command
 * writes them at a dump, and the command or the monitor compares them at a restore.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/file_times.h"
#include "util/mem.h"

#define NANOSECONDS 1000000000LL
#define ROUNDING    1000	      /* nanoseconds that a copy may be newer */
#define CUT_OFF	    (2 * NANOSECONDS) /* ... or older: FAT keeps every second second */

/* A line is at most this: three numbers of 64 bits and nine digits. */
#define LINE_LEN_MAX 80

/* Digits, at most width of them, and the character that ends them. */
static bool take_number(const char **p, size_t width, char end, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < width && isdigit((unsigned char)(*p)[i]); i++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)((*p)[i] - '0'), &n))
			return false;
	if (i == 0 || (*p)[i] != end)
		return false;
	*p += i + 1;
	*ret = n;
	return true;
}

static bool take_line(const char **p, struct file_time *ret)
{
	uint64_t id, sec, nsec;
	bool before_1970;

	if (!take_number(p, 10, ' ', &id) || id > UINT32_MAX ||
	    !take_number(p, 20, ' ', &ret->size))
		return false;
	before_1970 = **p == '-';
	*p += before_1970;
	if (!take_number(p, 19, '.', &sec) || sec > INT64_MAX || !take_number(p, 9, '\n', &nsec))
		return false;
	ret->id = (uint32_t)id;
	ret->mtime.tv_sec = before_1970 ? -(time_t)sec : (time_t)sec;
	ret->mtime.tv_nsec = (long)nsec;
	return true;
}

int file_times_parse(const char *text, size_t len, struct file_times *ret)
{
	_cleanup_file_times_ struct file_times t = {0};
	const char *p = text;

	if (strlen(text) != len)
		return -EBADMSG;
	while (*p) {
		struct file_time time;

		if (!take_line(&p, &time) || (t.n > 0 && t.v[t.n - 1].id >= time.id))
			return -EBADMSG;
		*ARRAY_ADD(t.v, t.n) = time;
	}
	ret->v = TAKE_PTR(t.v);
	ret->n = t.n;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct file_time *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

char *file_times_format(struct file_times *t)
{
	char *text = xcalloc(t->n + 1, LINE_LEN_MAX), *p = text;

	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), compare_ids);
	for (size_t i = 0; i < t->n; i++)
		p += snprintf(p, LINE_LEN_MAX, "%" PRIu32 " %" PRIu64 " %lld.%09ld\n", t->v[i].id,
			      t->v[i].size, (long long)t->v[i].mtime.tv_sec, t->v[i].mtime.tv_nsec);
	return text;
}

const struct file_time *file_times_find(const struct file_times *t, uint32_t id)
{
	const struct file_time key = {.id = id};

	return t->n ? bsearch(&key, t->v, t->n, sizeof(*t->v), compare_ids) : NULL;
}

/* How much later now is, in nanoseconds; what is more than a minute is a minute. */
static long long later_by(const struct timespec *now, const struct timespec *then)
{
	const long long minute = 60;

	if (now->tv_sec > then->tv_sec && now->tv_sec - minute > then->tv_sec)
		return minute * NANOSECONDS;
	if (now->tv_sec < then->tv_sec && then->tv_sec - minute > now->tv_sec)
		return -minute * NANOSECONDS;
	return (now->tv_sec - then->tv_sec) * NANOSECONDS + (now->tv_nsec - then->tv_nsec);
}

enum file_age file_time_compare(const struct file_time *then, const struct stat *now)
{
	long long later = later_by(&now->st_mtim, &then->mtime);

	if (later > ROUNDING)
		return FILE_NEWER;
	if ((uint64_t)now->st_size != then->size)
		return FILE_RESIZED;
	return later < -CUT_OFF ? FILE_OLDER : FILE_SAME;
}

char *file_time_text(time_t when)
{
	char text[40] = "?";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

void file_times_clear(struct file_times *t)
{
	free(t->v);
	*t = (struct file_times){0};
}
