/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds the directory that -P names. Runs in lxc-checkpoint, before anything else is looked at. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lxcpath.h"

static bool has_upward_step(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return true;
	return false;
}

/* In place: no empty component, and no ".". */
static void tidy(char *path)
{
	char *to = path, *from = path;

	while (*from) {
		size_t len;

		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (len > 0 && !(len == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

char *absolute_lxcpath(const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = NULL, *resolved = NULL;

	if (asprintf(&whole, "%s/%s", here ? here : "", path) < 0)
		abort();
	free(here);
	if (has_upward_step(whole))
		resolved = realpath(whole, NULL);
	if (resolved) {
		free(whole);
		return resolved;
	}
	tidy(whole);
	return whole;
}
