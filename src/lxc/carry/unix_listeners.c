/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The text of the image's file of listening Unix sockets. Pure: the command writes the file at a
 * dump, and the monitor reads it at a restore.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/unix_listeners.h"
#include "util/mem.h"

#define ID_NONE ((unsigned int)-1)

#define NUMBERS 5

static bool read_number(const char **p, long long most, long long *ret)
{
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	*ret = strtoll(*p, &end, 10);
	*p = end;
	return !errno && *ret <= most;
}

/* Only as the line would be written here. */
static bool read_line(const char *line, struct listener *ret)
{
	static const long long most[NUMBERS] = {INT_MAX, INT_MAX, ID_NONE - 1LL, ID_NONE - 1LL,
						INT_MAX};
	const char *p = line;
	char again[96];
	long long n[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++) {
		if (!read_number(&p, most[i], &n[i]))
			return false;
		p += *p == ' ';
	}
	snprintf(again, sizeof(again), "%lld %lld %lld %lld %lld", n[0], n[1], n[2], n[3], n[4]);
	*ret = (struct listener){.pid = (pid_t)n[0],
				 .fd = (int)n[1],
				 .uid = (uid_t)n[2],
				 .gid = (gid_t)n[3],
				 .by = (pid_t)n[4]};
	return ret->pid > 0 && strcmp(line, again) == 0;
}

int listeners_parse(const char *text, size_t len, struct listeners *ret)
{
	_cleanup_listeners_ struct listeners l = {0};
	_cleanup_free_ char *copy = xstrdup(text);
	char *end;

	if (strlen(text) != len)
		return -EBADMSG;
	for (char *line = copy; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (!read_line(line, ARRAY_ADD(l.v, l.n)))
			return -EBADMSG;
	}
	ret->v = TAKE_PTR(l.v);
	ret->n = l.n;
	return 0;
}

char *listeners_format(const struct listeners *l)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < l->n; i++)
		fprintf(f, "%d %d %u %u %d\n", (int)l->v[i].pid, l->v[i].fd, l->v[i].uid,
			l->v[i].gid, (int)l->v[i].by);
	fclose(f);
	return text;
}

static unsigned int translate(const struct container_facts *facts, char kind, unsigned int id,
			      bool outwards)
{
	for (size_t i = 0; i < facts->n_idmaps; i++) {
		const struct idmap *m = &facts->idmaps[i];
		unsigned int from = outwards ? m->inside : m->outside;
		unsigned int to = outwards ? m->outside : m->inside;

		if (*m->kind == kind && id >= from && id - from < m->count)
			return to + (id - from);
	}
	return facts->n_idmaps ? ID_NONE : id;
}

unsigned int id_inside(const struct container_facts *facts, char kind, unsigned int outside)
{
	return translate(facts, kind, outside, false);
}

unsigned int id_outside(const struct container_facts *facts, char kind, unsigned int inside)
{
	return translate(facts, kind, inside, true);
}

void listeners_clear(struct listeners *l)
{
	free(l->v);
	*l = (struct listeners){0};
}
