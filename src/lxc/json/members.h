/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_JSON_MEMBERS_H
#define LXCCKPT_JSON_MEMBERS_H

/*
 * Structs as JSON objects. Reader and writer walk the same tables, one per struct:
 * what is written is what is read, and a member that the tables do not have is
 * refused.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

enum member_type {
	MEMBER_STRING,
	MEMBER_INT,
	MEMBER_UINT,
	MEMBER_U64,
	MEMBER_BOOL,
	MEMBER_OBJECT, /* the members of .table, in the same struct */
	MEMBER_ARRAY,  /* heap array of .size-byte elements, each with the members of .table */
};

struct member {
	const char *name;
	enum member_type type;
	unsigned int since; /* the first schema that has it; 0: all have */
	size_t offset;
	bool nullable;			    /* a string that may be null */
	const char *(*check)(const char *); /* of a string: what is wrong with it, or NULL */
	json_int_t min, max;		    /* of a number, both included */
	size_t count_offset, size;
	const struct member *table;
};

/* Further designators may follow: STRING(struct nic, mac, check_mac, .since = 2) */
#define STRING(type_, member_, check_, ...)                                                        \
	{.name = #member_,                                                                         \
	 .type = MEMBER_STRING,                                                                    \
	 .offset = offsetof(type_, member_),                                                       \
	 .check = (check_),                                                                        \
	 __VA_ARGS__}
#define STRING_OR_NULL(type_, member_, check_, ...)                                                \
	STRING(type_, member_, check_, .nullable = true, __VA_ARGS__)
#define NUMBER(type_, member_, kind_, min_, max_, ...)                                             \
	{.name = #member_,                                                                         \
	 .type = (kind_),                                                                          \
	 .offset = offsetof(type_, member_),                                                       \
	 .min = (min_),                                                                            \
	 .max = (max_),                                                                            \
	 __VA_ARGS__}
#define BOOL(type_, member_, ...)                                                                  \
	{.name = #member_, .type = MEMBER_BOOL, .offset = offsetof(type_, member_), __VA_ARGS__}
#define ARRAY(type_, name_, member_, n_member_, table_, ...)                                       \
	{.name = (name_),                                                                          \
	 .type = MEMBER_ARRAY,                                                                     \
	 .offset = offsetof(type_, member_),                                                       \
	 .count_offset = offsetof(type_, n_member_),                                               \
	 .size = sizeof(*((type_ *)0)->member_),                                                   \
	 .table = (table_),                                                                        \
	 __VA_ARGS__}

/* NULL where a string is not UTF-8, which JSON cannot hold. */
json_t *members_write(const void *base, const struct member *table);

/* The document that is read: its name, for errors, and the schema that it was written by. */
struct members_document {
	const char *name;
	unsigned int schema;
};

/*
 * Reads the members of that schema: a member that the schema does not have yet is refused, and
 * stays as it is in base. An error names the member. What was read until then is in base.
 */
int members_read(json_t *json, void *base, const struct member *table,
		 const struct members_document *document, struct error **reterr) _must_check_;

/* Frees what the tables have: strings and arrays, which are NULL and empty afterwards. */
void members_free(void *base, const struct member *table);

#endif
