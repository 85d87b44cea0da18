/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of the files in CRIU's image. Pure. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_names.h"

#define PAGES_PREFIX "pages-"
#define STATS_PREFIX "stats-"
#define SUFFIX	     ".img"

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool has_suffix(const char *name)
{
	size_t len = strlen(name), n = strlen(SUFFIX);

	return len >= n && strcmp(name + len - n, SUFFIX) == 0;
}

enum criu_image criu_image_kind(const char *name)
{
	if (!has_suffix(name))
		return CRIU_IMAGE_OTHER;
	if (has_prefix(name, CRIU_CORE_PREFIX))
		return CRIU_IMAGE_CORE;
	if (has_prefix(name, CRIU_MM_PREFIX))
		return CRIU_IMAGE_MM;
	return has_prefix(name, PAGES_PREFIX) ? CRIU_IMAGE_PAGES : CRIU_IMAGE_OTHER;
}

unsigned int criu_pages_number(const char *name)
{
	unsigned long n;
	char *end;

	if (!has_prefix(name, PAGES_PREFIX))
		return 0;
	n = strtoul(name + strlen(PAGES_PREFIX), &end, 10);
	return strcmp(end, SUFFIX) == 0 && n <= UINT32_MAX ? (unsigned int)n : 0;
}

bool criu_reads(const char *name)
{
	/* a link to the image that this one continues */
	return has_suffix(name) || strcmp(name, "parent") == 0;
}

bool criu_is_statistics(const char *name)
{
	return has_prefix(name, STATS_PREFIX);
}
