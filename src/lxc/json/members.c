/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Structs to JSON objects and back, by a table for each struct. Pure: runs in the command and in
 * the monitor, on text that root alone can have written, and refuses whatever the tables do not
 * allow.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "json/members.h"
#include "util/mem.h"

/* --- writing --- */

static json_t *write_object(const void *base, const struct member *table);

static json_t *write_array(const void *base, const struct member *m)
{
	const char *element = *(const char *const *)((const char *)base + m->offset);
	size_t n = *(const size_t *)(const void *)((const char *)base + m->count_offset);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++, element += m->size)
		if (json_array_append_new(array, write_object(element, m->table)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *write_member(const void *base, const struct member *m)
{
	const void *p = (const char *)base + m->offset;

	switch (m->type) {
	case MEMBER_STRING: {
		const char *s = *(const char *const *)p;

		return s ? json_string(s) : json_null();
	}
	case MEMBER_INT:
		return json_integer(*(const int *)p);
	case MEMBER_UINT:
		return json_integer(*(const unsigned int *)p);
	case MEMBER_U64:
		return json_integer((json_int_t) * (const uint64_t *)p);
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)p);
	case MEMBER_OBJECT:
		return write_object(p, m->table);
	case MEMBER_ARRAY:
		return write_array(base, m);
	}
	return NULL;
}

static json_t *write_object(const void *base, const struct member *table)
{
	json_t *object = json_object();

	for (const struct member *m = table; m->name; m++)
		if (json_object_set_new(object, m->name, write_member(base, m)) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

json_t *members_write(const void *base, const struct member *table)
{
	return write_object(base, table);
}

/* --- reading --- */

/* A place in the document, to name it in an error. Built only on the stack. */
struct where {
	const struct where *up;
	const char *name; /* NULL: an element of up's array */
	size_t index;
	const struct members_document *document;
};

static char *where_path(const struct where *w)
{
	_cleanup_free_ char *up = NULL;

	if (!w->up)
		return xstrdup(w->name);
	up = where_path(w->up);
	if (!w->name)
		return xasprintf("%s[%zu]", up, w->index);
	return *up ? xasprintf("%s.%s", up, w->name) : xstrdup(w->name);
}

static int refuse(struct error **reterr, const struct where *w, const char *wrong)
{
	_cleanup_free_ char *path = where_path(w);

	return error_refuse(reterr, EBADMSG, "%s: %s%s%s", w->document->name, path,
			    *path ? ": " : "", wrong);
}

static int read_object(json_t *json, void *base, const struct member *table, const struct where *w,
		       struct error **reterr);

static int read_string(json_t *json, char **ret, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	const char *s, *wrong;

	if (m->nullable && json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return refuse(reterr, w, m->nullable ? "is no string or null" : "is no string");
	s = json_string_value(json);
	wrong = m->check ? m->check(s) : NULL;
	if (wrong)
		return refuse(reterr, w, wrong);
	*ret = xstrdup(s);
	return 0;
}

static int read_number(json_t *json, void *p, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	json_int_t n = json_integer_value(json);

	if (!json_is_integer(json))
		return refuse(reterr, w, "is no integer");
	if (n < m->min || n > m->max)
		return refuse(reterr, w, "is out of range");
	if (m->type == MEMBER_INT)
		*(int *)p = (int)n;
	else if (m->type == MEMBER_UINT)
		*(unsigned int *)p = (unsigned int)n;
	else
		*(uint64_t *)p = (uint64_t)n;
	return 0;
}

static int read_array(json_t *json, void *base, const struct member *m, const struct where *w,
		      struct error **reterr)
{
	size_t *count = (size_t *)(void *)((char *)base + m->count_offset);
	size_t n = json_array_size(json);
	char *elements;
	int r;

	if (!json_is_array(json))
		return refuse(reterr, w, "is no array");
	if (n == 0)
		return 0;
	elements = xcalloc(n, m->size);
	/* Before the elements are filled, so that members_free() finds the half-read ones. */
	*(char **)(void *)((char *)base + m->offset) = elements;
	*count = n;
	for (size_t i = 0; i < n; i++) {
		const struct where here = {.up = w, .index = i, .document = w->document};

		r = read_object(json_array_get(json, i), elements + i * m->size, m->table, &here,
				reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_member(json_t *json, void *base, const struct member *m, const struct where *w,
		       struct error **reterr)
{
	void *p = (char *)base + m->offset;

	switch (m->type) {
	case MEMBER_STRING:
		return read_string(json, p, m, w, reterr);
	case MEMBER_INT:
	case MEMBER_UINT:
	case MEMBER_U64:
		return read_number(json, p, m, w, reterr);
	case MEMBER_BOOL:
		if (!json_is_boolean(json))
			return refuse(reterr, w, "is neither true nor false");
		*(bool *)p = json_is_true(json);
		return 0;
	case MEMBER_OBJECT:
		return read_object(json, p, m->table, w, reterr);
	case MEMBER_ARRAY:
		return read_array(json, base, m, w, reterr);
	}
	return -EINVAL;
}

/* Finds a member that the schema has. */
static const struct member *find_member(const struct member *table, const char *name,
					unsigned int schema)
{
	for (; table->name; table++)
		if (table->since <= schema && strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static struct where member_of(const struct where *w, const char *name)
{
	return (struct where){.up = w, .name = name, .document = w->document};
}

static int read_object(json_t *json, void *base, const struct member *table, const struct where *w,
		       struct error **reterr)
{
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(json))
		return refuse(reterr, w, "is no object");
	json_object_foreach(json, name, value)
	{
		const struct where here = member_of(w, name);

		if (!find_member(table, name, w->document->schema))
			return refuse(reterr, &here, "is not a member this version knows");
	}
	for (const struct member *m = table; m->name; m++) {
		const struct where here = member_of(w, m->name);

		if (m->since > w->document->schema)
			continue;
		value = json_object_get(json, m->name);
		if (!value)
			return refuse(reterr, &here, "is missing");
		r = read_member(value, base, m, &here, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

int members_read(json_t *json, void *base, const struct member *table,
		 const struct members_document *document, struct error **reterr)
{
	const struct where top = {.name = "", .document = document};

	return read_object(json, base, table, &top, reterr);
}

/* --- freeing --- */

static void free_array(void *base, const struct member *m)
{
	char **place = (char **)(void *)((char *)base + m->offset);
	size_t *count = (size_t *)(void *)((char *)base + m->count_offset);

	for (size_t i = 0; i < *count; i++)
		members_free(*place + i * m->size, m->table);
	free(TAKE_PTR(*place));
	*count = 0;
}

/* Recursion is as deep as the tables: a few levels. */
void members_free(void *base, const struct member *table)
{
	for (const struct member *m = table; m->name; m++) {
		void *p = (char *)base + m->offset;

		if (m->type == MEMBER_STRING)
			free(TAKE_PTR(*(char **)p));
		else if (m->type == MEMBER_OBJECT)
			members_free(p, m->table);
		else if (m->type == MEMBER_ARRAY)
			free_array(base, m);
	}
}
