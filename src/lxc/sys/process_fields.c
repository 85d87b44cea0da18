/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads values in the text of the kernel's files on a process. Pure. Most of the text is the
 * kernel's; the name in it is the process's own choice.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/process_fields.h"
#include "util/mem.h"

/* --- stat --- */

/* The state follows the last ')' of the line: no number has one. */
static const char *after_name(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}

long long process_stat_number(const char *stat, enum process_stat_field field)
{
	const char *p = after_name(stat);
	long long n;
	char *end;

	for (int at = 3; p && at < (int)field; at++) {
		p = strchr(p, ' ');
		p += p != NULL;
	}
	if (!p || (!isdigit((unsigned char)*p) && *p != '-'))
		return 0;
	errno = 0;
	n = strtoll(p, &end, 10);
	return errno || end == p || !strchr(" \n", *end) ? 0 : n;
}

char process_stat_state(const char *stat)
{
	const char *p = after_name(stat);

	return p && isalpha((unsigned char)*p) ? *p : '?';
}

char *process_stat_name(const char *stat)
{
	const char *name = strchr(stat, '('), *end = strrchr(stat, ')');

	return name && end && name < end ? xasprintf("%.*s", (int)(end - name - 1), name + 1)
					 : NULL;
}

/* --- status and fdinfo --- */

const char *field_value(const char *text, const char *field)
{
	size_t len = strlen(field);

	while (text && *text) {
		if (strncmp(text, field, len) == 0 && text[len] == ':')
			return text + len + 1 + strspn(text + len + 1, " \t");
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return NULL;
}

long long field_number(const char *text, const char *field, int base)
{
	const char *value = field_value(text, field);

	return value ? strtoll(value, NULL, base) : 0;
}

pid_t field_nth(const char *text, const char *field, size_t index)
{
	const char *p = field_value(text, field);

	for (size_t i = 0; p && *p && *p != '\n'; i++) {
		if (i == index)
			return (pid_t)strtol(p, NULL, 10);
		p += strcspn(p, " \t\n");
		p += strspn(p, " \t");
	}
	return -1;
}

size_t field_count(const char *text, const char *field)
{
	size_t n = 0;

	while (field_nth(text, field, n) >= 0)
		n++;
	return n;
}

pid_t process_status_inner_id(const char *status)
{
	const size_t n = field_count(status, "NSpid");

	return n ? field_nth(status, "NSpid", n - 1) : 0;
}
