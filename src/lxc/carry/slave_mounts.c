/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Slave mounts that CRIU cannot restore: which they are, and how the image lists them. Pure; runs
 * in the command and in the monitor.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/slave_mounts.h"
#include "sys/mountinfo.h"
#include "util/mem.h"

void propagation_clear(struct propagation *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].slave.target);
		free(p->v[i].master.target);
	}
	free(p->v);
	*p = (struct propagation){0};
}

char *propagation_format(const struct propagation *p)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < p->n; i++) {
		_cleanup_free_ char *slave = mountinfo_word(p->v[i].slave.target);
		_cleanup_free_ char *master = mountinfo_word(p->v[i].master.target);

		fprintf(f, "%d %s %d %s\n", p->v[i].slave.pid, slave, p->v[i].master.pid, master);
	}
	if (!f || fclose(f) != 0)
		abort();
	return text;
}

/* "17 /target" and what follows it, which is end. */
static bool take_place(const char **text, char end, struct place *ret)
{
	char *word;
	size_t len;
	long pid;

	if (**text < '1' || **text > '9')
		return false;
	pid = strtol(*text, &word, 10);
	if (pid > INT_MAX || word[0] != ' ' || word[1] != '/')
		return false;
	len = strcspn(++word, " \n");
	if (word[len] != end)
		return false;
	*ret = (struct place){(int)pid, mountinfo_text(word)};
	*text = word + len + 1;
	return true;
}

bool propagation_parse(const char *text, struct propagation *ret)
{
	*ret = (struct propagation){0};
	while (*text) {
		struct slave_mount *m = ARRAY_ADD(ret->v, ret->n);

		if (take_place(&text, ' ', &m->slave) && take_place(&text, '\n', &m->master))
			continue;
		propagation_clear(ret);
		return false;
	}
	return true;
}

char *path_by_mount(const char *root, const char *point, const char *file)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(file, root, len) != 0 || (file[len] != '/' && file[len] != '\0'))
		return NULL;
	return xasprintf("%s%s", strcmp(point, "/") == 0 ? "" : point, file + len);
}

static bool shows(const struct sharer *m, const char *path)
{
	size_t len = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root);

	return strncmp(path, m->root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool propagation_is_scattered(const struct sharer *group, size_t n)
{
	size_t widest = 0;

	for (size_t i = 1; i < n; i++)
		if (strlen(group[i].root) < strlen(group[widest].root))
			widest = i;
	for (size_t i = 0; i < n; i++)
		if (!shows(&group[widest], group[i].root))
			return true;
	return false;
}

static int compare_roots(const void *a, const void *b)
{
	const struct sharer *x = *(const struct sharer *const *)a;
	const struct sharer *y = *(const struct sharer *const *)b;
	int c = strcmp(x->root, y->root);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

void propagation_masters(const struct sharer *group, size_t n, struct masters *ret)
{
	const struct sharer **v = xcalloc(n + 1, sizeof(*v));
	size_t different = 0;

	for (size_t i = 0; i < n; i++)
		v[i] = &group[i];
	if (n > 0)
		qsort(v, n, sizeof(*v), compare_roots);
	for (size_t i = 0; i < n; i++)
		if (different == 0 || strcmp(v[different - 1]->root, v[i]->root) != 0)
			v[different++] = v[i];
	*ret = (struct masters){v, different};
}

void masters_clear(struct masters *m)
{
	free(m->v);
	*m = (struct masters){0};
}

static int compare_root(const void *root, const void *member)
{
	return strcmp(root, (*(const struct sharer *const *)member)->root);
}

const struct sharer *propagation_master(const struct masters *all, const struct sharer *m)
{
	_cleanup_free_ char *root = xstrdup(m->root);
	const struct sharer *best = NULL;

	for (;;) {
		const struct sharer **found =
			all->n ? bsearch(root, all->v, all->n, sizeof(*all->v), compare_root)
			       : NULL;
		char *slash = strrchr(root, '/');

		if (found && (!best || (*found)->order < best->order))
			best = *found;
		if (!slash || slash[1] == '\0')
			return best;
		slash[slash == root] = '\0';
	}
}
