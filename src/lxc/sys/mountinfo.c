/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads lines of /proc/PID/mountinfo, which may be a container's. Pure, and for any process. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sys/mountinfo.h"
#include "util/mem.h"

/* "36 35 98:0 / /target ..." */
bool mountinfo_numbers(const char *line, uint64_t *ret_id, dev_t *ret_device)
{
	char id[24], maj[16], min[16];

	if (sscanf(line, "%23[0-9] %*d %15[0-9]:%15[0-9]", id, maj, min) != 3)
		return false;
	if (ret_id)
		*ret_id = strtoull(id, NULL, 10);
	*ret_device = makedev(strtoul(maj, NULL, 10), strtoul(min, NULL, 10));
	return true;
}

char *mountinfo_text(const char *p)
{
	size_t len = strcspn(p, " \n"), n = 0;
	char *word = xcalloc(len + 1, 1);

	for (size_t i = 0; i < len; i++) {
		bool octal = p[i] == '\\' && len - i > 3 && p[i + 1] >= '0' && p[i + 1] <= '3' &&
			     p[i + 2] >= '0' && p[i + 2] <= '7' && p[i + 3] >= '0' &&
			     p[i + 3] <= '7';

		word[n++] = octal ? (char)((p[i + 1] - '0') << 6 | (p[i + 2] - '0') << 3 |
					   (p[i + 3] - '0'))
				  : p[i];
		i += octal ? 3 : 0;
	}
	return word;
}

/* The nth word after p in the same line; NULL: the line is shorter. */
static const char *skip_words(const char *p, size_t n)
{
	for (; p && n > 0; n--) {
		p += strcspn(p, " \n");
		p = *p == ' ' ? p + 1 : NULL;
	}
	return p;
}

/* The fields after the optional ones. */
static const char *find_type(const char *options)
{
	const char *p = options;

	while (p && strncmp(p, "- ", 2) != 0)
		p = skip_words(p, 1);
	return skip_words(p, 1);
}

/* The number of "shared:5" or the like among the optional fields; 0: there is none. */
static unsigned int find_group(const char *options, const char *word)
{
	for (const char *p = options; p && strncmp(p, "- ", 2) != 0; p = skip_words(p, 1))
		if (strncmp(p, word, strlen(word)) == 0)
			return (unsigned int)strtoul(p + strlen(word), NULL, 10);
	return 0;
}

static bool parse_device(const char *p, dev_t *ret)
{
	char *colon, *end;
	unsigned long maj = p ? strtoul(p, &colon, 10) : 0, min;

	if (!p || colon == p || *colon != ':')
		return false;
	min = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != ' ')
		return false;
	*ret = makedev(maj, min);
	return true;
}

bool mountinfo_parse(const char *line, struct mountinfo *ret)
{
	const char *root = skip_words(line, 3), *point = skip_words(line, 4);
	const char *optional = skip_words(line, 6);
	const char *type = find_type(optional), *source = skip_words(type, 1);
	uint64_t id;
	dev_t dev;
	char *end;

	id = strtoull(line, &end, 10);
	if (end == line || *end != ' ' || !parse_device(skip_words(line, 2), &dev) || !source)
		return false;
	*ret = (struct mountinfo){
		.id = id,
		.dev = dev,
		.root = mountinfo_text(root),
		.point = mountinfo_text(point),
		.options = mountinfo_text(skip_words(line, 5)),
		.shared = find_group(optional, "shared:"),
		.master = find_group(optional, "master:"),
		.type = mountinfo_text(type),
		.source = mountinfo_text(source),
	};
	return true;
}

char *mountinfo_word(const char *text)
{
	char *word = xcalloc(strlen(text) * 4 + 1, 1), *p = word;

	for (; *text; text++) {
		if (!strchr(" \t\n\\", *text)) {
			*p++ = *text;
			continue;
		}
		*p++ = '\\';
		for (int shift = 6; shift >= 0; shift -= 3)
			*p++ = (char)('0' + ((*text >> shift) & 7));
	}
	return word;
}

const char *mountinfo_next(const char *line)
{
	const char *end = strchr(line, '\n');

	return end && end[1] ? end + 1 : NULL;
}

void mountinfo_clear(struct mountinfo *m)
{
	free(m->root);
	free(m->point);
	free(m->options);
	free(m->type);
	free(m->source);
	*m = (struct mountinfo){0};
}
