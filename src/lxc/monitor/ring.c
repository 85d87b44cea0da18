/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A ring buffer with the last bytes of the console's output. Does no I/O; runs in the monitor. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/ring.h"

#define AUTO_SIZE ((size_t)128 * 1024)

size_t ring_size(const char *text)
{
	unsigned long long wanted;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *end;

	if (!text || *text == '\0')
		return 0;
	if (strcmp(text, "auto") == 0)
		return AUTO_SIZE;
	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	wanted = strtoull(text, &end, 10);
	if (errno || *end || wanted == 0)
		return 0;
	while (size < wanted) {
		if (size > SIZE_MAX / 4)
			return 0;
		size *= 2;
	}
	return size;
}

void ring_init(struct ring *r, size_t size)
{
	void *buf = MAP_FAILED;

	if (size > 0)
		buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	*r = (struct ring){0};
	if (buf == MAP_FAILED)
		return;
	r->buf = buf;
	r->size = size;
}

void ring_free(struct ring *r)
{
	if (r->buf)
		munmap(r->buf, r->size);
	*r = (struct ring){0};
}

void ring_drop(struct ring *r, size_t n)
{
	if (n >= r->used) {
		r->start = r->used = 0;
		return;
	}
	r->start = (r->start + n) % r->size;
	r->used -= n;
}

void ring_write(struct ring *r, const char *buf, size_t len)
{
	size_t end, first;

	if (!r->buf || len == 0)
		return;
	if (len > r->size) {
		buf += len - r->size;
		len = r->size;
	}
	if (len > r->size - r->used)
		ring_drop(r, len - (r->size - r->used));
	end = (r->start + r->used) % r->size;
	first = len < r->size - end ? len : r->size - end;
	memcpy(r->buf + end, buf, first);
	memcpy(r->buf, buf + first, len - first);
	r->used += len;
}

size_t ring_copy(const struct ring *r, size_t off, char *buf, size_t max)
{
	size_t from, first, len;

	if (off >= r->used)
		return 0;
	len = r->used - off < max ? r->used - off : max;
	from = (r->start + off) % r->size;
	first = len < r->size - from ? len : r->size - from;
	memcpy(buf, r->buf + from, first);
	memcpy(buf + first, r->buf, len - first);
	return len;
}
