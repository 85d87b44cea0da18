/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Parses the "Name:\tvalue" lines of the kernel's status and fdinfo files. Pure. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "preflight/survey.h"

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
