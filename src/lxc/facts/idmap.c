/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads and prints ID maps: the container's, which the kernel shows, and its config's. Pure. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "facts/idmap.h"
#include "util/mem.h"

static int compare(const void *x, const void *y)
{
	const struct idmap *a = x, *b = y;
	int r = strcmp(b->kind, a->kind); /* users first */

	return r ? r : (a->inside > b->inside) - (a->inside < b->inside);
}

/* The next number of a line; what is left of that is *p. */
static bool next_number(const char **p, unsigned int *ret)
{
	unsigned long n;
	char *end;

	*p += strspn(*p, " \t");
	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	n = strtoul(*p, &end, 10);
	if (errno || n > UINT_MAX)
		return false;
	*p = end;
	*ret = (unsigned int)n;
	return true;
}

static int add_line(const char *line, const char *kind, struct container_facts *facts,
		    struct error **reterr)
{
	const char *p = line + strspn(line, " \t");
	char letter = kind ? *kind : *p++;
	unsigned int inside, outside, count;
	struct idmap *m;

	if ((letter != 'u' && letter != 'g') || !next_number(&p, &inside) ||
	    !next_number(&p, &outside) || !next_number(&p, &count) || count == 0 ||
	    p[strspn(p, " \t")] != '\0')
		return error_set(reterr, EINVAL, "\"%s\" is not a line of an ID map", line);
	m = ARRAY_ADD(facts->idmaps, facts->n_idmaps);
	m->kind = xasprintf("%c", letter);
	m->inside = inside;
	m->outside = outside;
	m->count = count;
	return 0;
}

int idmap_parse(const char *text, const char *kind, struct container_facts *facts,
		struct error **reterr)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int r = add_line(l, kind, facts, reterr);

		if (r < 0)
			return r;
	}
	if (facts->n_idmaps)
		qsort(facts->idmaps, facts->n_idmaps, sizeof(*facts->idmaps), compare);
	return 0;
}

char *idmap_text(const struct container_facts *facts)
{
	char *text = NULL;

	for (size_t i = 0; i < facts->n_idmaps; i++)
		str_append(&text, "%s%s %u %u %u", i ? ", " : "", facts->idmaps[i].kind,
			   facts->idmaps[i].inside, facts->idmaps[i].outside,
			   facts->idmaps[i].count);
	return text ? text : xstrdup("none");
}
