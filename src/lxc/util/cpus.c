/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Converts sets of CPUs between the kernel's text and cpu_set_t. Pure; runs in any process. */
#include "config.h"

#include <stdlib.h>

#include "util/cpus.h"
#include "util/mem.h"

char *cpus_format(const cpu_set_t *set)
{
	char *text = xstrdup("");

	for (int first = 0; first < CPU_SETSIZE; first++) {
		int last = first;

		if (!CPU_ISSET((size_t)first, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET((size_t)last + 1, set))
			last++;
		str_append(&text, "%s%d", *text ? "," : "", first);
		if (last > first)
			str_append(&text, "-%d", last);
		first = last;
	}
	return text;
}

static bool take_number(const char **p, long *ret)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	*ret = strtol(*p, &end, 10);
	*p = end;
	return *ret < CPU_SETSIZE;
}

bool cpus_parse(const char *text, cpu_set_t *ret)
{
	const char *p = text;

	CPU_ZERO(ret);
	if (*p == '\0' || *p == '\n')
		return true;
	for (;; p++) {
		long first, last;

		if (!take_number(&p, &first))
			return false;
		last = first;
		if (*p == '-' && (p++, !take_number(&p, &last)))
			return false;
		if (last < first)
			return false;
		for (long cpu = first; cpu <= last; cpu++)
			CPU_SET((size_t)cpu, ret);
		if (*p != ',')
			return *p == '\0' || *p == '\n';
	}
}
