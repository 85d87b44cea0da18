/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes the files of CRIU's image apart. Pure: what they say may be anything. */
#include "config.h"

#include <string.h>

#include "criu/protobuf.h"

#define MAGIC_COMMON 0x54564319

#define FILE_TYPE    1 /* of an entry in files.img */
#define FILE_REGULAR 3
#define TYPE_REGULAR 1

static bool take(struct bytes *from, size_t len, struct bytes *ret)
{
	if (len > from->len)
		return false;
	*ret = (struct bytes){from->p, len};
	from->p += len;
	from->len -= len;
	return true;
}

static bool take_word(struct bytes *from, uint32_t *ret)
{
	struct bytes b;

	if (!take(from, 4, &b))
		return false;
	*ret = (uint32_t)b.p[0] | (uint32_t)b.p[1] << 8 | (uint32_t)b.p[2] << 16 |
	       (uint32_t)b.p[3] << 24;
	return true;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static bool take_number(struct bytes *from, uint64_t *ret, struct bytes *ret_bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < from->len && i < 10; i++) {
		v |= (uint64_t)(from->p[i] & 0x7f) << (7 * i);
		if (from->p[i] & 0x80)
			continue;
		*ret = v;
		return take(from, i + 1, ret_bytes);
	}
	return false;
}

bool replace_number(struct bytes to, uint64_t v)
{
	if (to.len == 0 || (to.len < 10 && v >> (7 * to.len)))
		return false;
	/* the length stays, which may be more than it needs */
	for (size_t i = 0; i < to.len; i++, v >>= 7)
		to.p[i] = (uint8_t)((v & 0x7f) | (i + 1 < to.len ? 0x80 : 0));
	return true;
}

bool take_field(struct bytes *from, struct field *ret)
{
	struct bytes unused;
	uint64_t tag, len;

	if (!take_number(from, &tag, &unused))
		return false;
	ret->number = (unsigned int)(tag >> 3);
	switch (tag & 7) {
	case 0:
		return take_number(from, &ret->value, &ret->bytes);
	case 1:
		return take(from, 8, &ret->bytes);
	case 2:
		return take_number(from, &len, &unused) && take(from, len, &ret->bytes);
	case 5:
		return take(from, 4, &ret->bytes);
	default:
		return false;
	}
}

bool take_entry(struct bytes *from, struct bytes *ret)
{
	uint32_t len;

	return take_word(from, &len) && take(from, len, ret);
}

bool take_magic(struct bytes *from, uint32_t wanted)
{
	uint32_t common, magic;

	return take_word(from, &common) && take_word(from, &magic) && common == MAGIC_COMMON &&
	       magic == wanted;
}

bool take_regular(struct bytes entry, struct bytes *ret)
{
	struct field f = {0};
	uint64_t type = 0;

	*ret = (struct bytes){0};
	while (take_field(&entry, &f)) {
		if (f.number == FILE_TYPE)
			type = f.value;
		else if (f.number == FILE_REGULAR)
			*ret = f.bytes;
	}
	return type == TYPE_REGULAR;
}

bool is_among(uint32_t id, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

void out_put(struct out *out, const void *bytes, size_t len)
{
	memcpy(out->p + out->len, bytes, len);
	out->len += len;
}

void out_word(struct out *out, size_t v)
{
	for (size_t i = 0; i < 4; i++)
		out->p[out->len++] = (char)(v >> (8 * i));
}

void out_number(struct out *out, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		out->p[out->len++] = (char)((v & 0x7f) | 0x80);
	out->p[out->len++] = (char)v;
}

void out_number_field(struct out *out, unsigned int number, uint64_t v)
{
	out_number(out, (uint64_t)number << 3);
	out_number(out, v);
}

void out_bytes_field(struct out *out, unsigned int number, const void *bytes, size_t len)
{
	out_number(out, (uint64_t)number << 3 | 2);
	out_number(out, len);
	out_put(out, bytes, len);
}
