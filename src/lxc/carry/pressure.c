/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Readers of what a container says of its pressure triggers; for the monitor. Pure. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/pressure.h"
#include "sys/mountinfo.h"
#include "util/base64.h"
#include "util/mem.h"

#define USUAL_TRIGGER "some 200000 2000000"

/* The kernel's, in microseconds. */
#define WINDOW_MIN 500000
#define WINDOW_MAX 10000000

#define DIGITS_MAX 8 /* of WINDOW_MAX */

static bool take_word(const char **p, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *p) < len || memcmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool take_number(const char **p, const char *end, unsigned int *ret)
{
	const char *start = *p;

	for (*ret = 0; *p < end && isdigit((unsigned char)**p); (*p)++) {
		if (*p - start == DIGITS_MAX)
			return false;
		*ret = *ret * 10 + (unsigned int)(**p - '0');
	}
	return *p > start;
}

bool pressure_trigger_parse(const char *text, size_t len, char ret[PRESSURE_TRIGGER_MAX])
{
	const char *p = text, *end = text + len;
	bool some = take_word(&p, end, "some ");
	unsigned int stall, window;

	if (!some && !take_word(&p, end, "full "))
		return false;
	if (!take_number(&p, end, &stall) || !take_word(&p, end, " ") ||
	    !take_number(&p, end, &window))
		return false;
	/* as it is written, by whomever, with a line's end or a string's */
	if (p < end && (*p == '\n' || *p == '\0'))
		p++;
	if (p != end || window < WINDOW_MIN || window > WINDOW_MAX || stall == 0 || stall > window)
		return false;
	snprintf(ret, PRESSURE_TRIGGER_MAX, "%s %u %u", some ? "some" : "full", stall, window);
	return true;
}

/* The value of a variable, or NULL: a string in the text. */
static const char *environment_value(const char *text, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p < text + len; p += strlen(p) + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	return NULL;
}

void pressure_trigger_of(const char *environment, size_t len, const char *path,
			 char ret[PRESSURE_TRIGGER_MAX])
{
	const char *watch = environment_value(environment, len, "MEMORY_PRESSURE_WATCH");
	const char *code = environment_value(environment, len, "MEMORY_PRESSURE_WRITE");
	_cleanup_free_ char *text = NULL;
	size_t n = 0;

	if (watch && code && strcmp(path, watch) == 0)
		text = base64_decode(code, &n);
	if (!text || !pressure_trigger_parse(text, n, ret))
		snprintf(ret, PRESSURE_TRIGGER_MAX, "%s", USUAL_TRIGGER);
}

/* "36 35 98:0 /root /target options [field]... - type source options" */
static bool line_has(const char *line, size_t len, const char *type, dev_t device)
{
	_cleanup_free_ char *text = xstrndup(line, len);
	const char *dash = strstr(text, " - ");
	size_t n = strlen(type);
	dev_t found;

	return dash && mountinfo_numbers(text, NULL, &found) && found == device &&
	       strncmp(dash + 3, type, n) == 0 && dash[3 + n] == ' ';
}

/* A path has no space of its own in it: the kernel writes "\040". */
bool mountinfo_has(const char *text, const char *type, dev_t device)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (line_has(line, len, type, device))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}
