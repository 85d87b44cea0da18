/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Many small pieces of work in a few threads. A piece mostly waits, for a disk or for the kernel,
 * so that there are as many threads on a machine with one processor.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/param.h>

#include "util/several.h"
#include "util/thread.h"

#define THREADS_MAX 4

struct several {
	int (*fn)(size_t i, void *userdata);
	void *userdata;
	size_t n;
	pthread_mutex_t lock; /* of what follows */
	size_t next;
	int error;
};

static bool take(struct several *s, size_t *ret)
{
	bool more;

	pthread_mutex_lock(&s->lock);
	more = s->error == 0 && s->next < s->n;
	if (more)
		*ret = s->next++;
	pthread_mutex_unlock(&s->lock);
	return more;
}

static void *work(void *userdata)
{
	struct several *s = userdata;
	size_t i;

	while (take(s, &i)) {
		int e = s->fn(i, s->userdata);

		if (e == 0)
			continue;
		pthread_mutex_lock(&s->lock);
		if (s->error == 0)
			s->error = e;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

int several(size_t n, int (*fn)(size_t i, void *userdata), void *userdata)
{
	struct several s = {
		.fn = fn,
		.userdata = userdata,
		.n = n,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	_thread_scope_ scope = thread_begin();
	pthread_t threads[THREADS_MAX];
	size_t started = 0;

	while (started + 1 < MIN(n, THREADS_MAX) && thread_start(&threads[started], work, &s) == 0)
		started++;
	work(&s);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	pthread_mutex_destroy(&s.lock);
	return s.error;
}
