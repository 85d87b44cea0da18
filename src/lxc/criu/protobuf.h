/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_PROTOBUF_H
#define LXCCKPT_CRIU_PROTOBUF_H

/*
 * CRIU's images: two words that say what it is, then entries, each a word with
 * its length and that many bytes of Protocol Buffers. The words are little-endian
 * wherever CRIU runs but on s390x, where this finds nothing it knows. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *p;
	size_t len;
};

struct field {
	unsigned int number;
	uint64_t value;	    /* of a number */
	struct bytes bytes; /* its bytes in the image, of a number as well */
};

/* Each takes what it returns off the front of from; false: there is no such thing. */
bool take_magic(struct bytes *from, uint32_t wanted);
bool take_entry(struct bytes *from, struct bytes *ret);
bool take_field(struct bytes *from, struct field *ret);

/* Another number in the place of one, in as many bytes; false: it does not fit. */
bool replace_number(struct bytes to, uint64_t v);

/* Whether a number of something in an image is one of n others. */
bool is_among(uint32_t id, const uint32_t *ids, size_t n);

/* A buffer that has the space for what is put into it. */
struct out {
	char *p;
	size_t len;
};

void out_put(struct out *out, const void *bytes, size_t len);
void out_word(struct out *out, size_t v); /* an entry's length */
void out_number(struct out *out, uint64_t v);
void out_number_field(struct out *out, unsigned int number, uint64_t v);
void out_bytes_field(struct out *out, unsigned int number, const void *bytes, size_t len);

/* The part of an entry of files.img that is about a regular file; false: it is about another. */
bool take_regular(struct bytes entry, struct bytes *ret);

#endif
