/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Keeps the last error of each container, for lxc_checkpoint_error() and its like. Runs in the
 * process that calls the library, in any of its threads.
 */
#include "config.h"

#include <pthread.h>

#include "api/last_error.h"
#include "util/mem.h"
#include "util/text.h"

/*
 * struct lxc_container has no space for a pointer of ours, and liblxc frees it without telling us.
 * So texts are stored by address; an entry lasts until the next container at that address is
 * returned.
 */
struct entry {
	struct entry *next;
	const struct lxc_container *c;
	char *text, *reason, *hint;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;

static void entry_free(struct entry *e)
{
	free(e->text);
	free(e->reason);
	free(e->hint);
	free(e);
}

static struct entry **find(const struct lxc_container *c)
{
	struct entry **e = &entries;

	while (*e && (*e)->c != c)
		e = &(*e)->next;
	return e;
}

static char *one_line(const char *text)
{
	char *line = text ? xstrdup(text) : NULL;

	if (line)
		make_printable(line);
	return line;
}

void last_error_set(struct lxc_container *c, const struct error *error)
{
	struct entry **place, *e;

	pthread_mutex_lock(&lock);
	place = find(c);
	e = *place;
	if (e) {
		*place = e->next;
		entry_free(e);
	}
	if (error) {
		e = xcalloc(1, sizeof(*e));
		e->c = c;
		e->text = error_format(error);
		e->reason = one_line(error->message);
		e->hint = one_line(error->hint);
		e->next = entries;
		entries = e;
	}
	pthread_mutex_unlock(&lock);
}

static const struct entry *entry_of(const struct lxc_container *c)
{
	const struct entry *e;

	pthread_mutex_lock(&lock);
	e = *find(c);
	pthread_mutex_unlock(&lock);
	return e;
}

const char *last_error_get(struct lxc_container *c)
{
	const struct entry *e = entry_of(c);

	return e ? e->text : NULL;
}

const char *last_error_reason(struct lxc_container *c)
{
	const struct entry *e = entry_of(c);

	return e ? e->reason : NULL;
}

const char *last_error_hint(struct lxc_container *c)
{
	const struct entry *e = entry_of(c);

	return e ? e->hint : NULL;
}
