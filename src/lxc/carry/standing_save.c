/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Walks over the threads of the container and calls the kinds of state that read something of each.
 * Runs in a thread of the caller's process, as root on the host, beside CRIU: from the moment when
 * all processes of the container stand still until CRIU has written its files. The kinds only read;
 * CRIU changes none of what they read.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "carry/standing_save.h"
#include "carry/table_save.h"
#include "sys/process.h"
#include "util/mem.h"
#include "util/thread.h"

struct standing_walk {
	struct saving saving; /* a copy: the caller's is on a stack that may be gone by then */
	pid_t init;
	pthread_t thread;
	bool threaded;
	atomic_bool stop; /* the dump has failed */
};

pid_t standing_inner_id(struct standing *t)
{
	if (!t->asked)
		t->inner = process_inner_id(t->tid);
	t->asked = true;
	return t->inner;
}

bool standing_is_over(const struct standing *t)
{
	return atomic_load(&t->walk->stop);
}

static int look_at_thread(pid_t pid, pid_t tid, void *userdata)
{
	struct standing_walk *w = userdata;
	struct standing t = {.walk = w, .pid = pid, .tid = tid};

	carry_save_each(&w->saving, &t);
	return standing_is_over(&t);
}

static void *walk(void *userdata)
{
	const struct standing_walk *w = userdata;

	for_each_thread(w->init, look_at_thread, userdata);
	return NULL;
}

/* The thread works on memory of its own: the caller may be cancelled meanwhile. */
void standing_begin(struct saving *s)
{
	struct standing_walk *w = xcalloc(1, sizeof(*w));

	w->saving = (struct saving){
		.init = -1,
		.root = -1,
		.answers = s->answers,
		.threads = s->threads,
		.flags = s->flags,
		.sockets = s->sockets,
	};
	w->init = s->facts->init_pid;
	s->walk = w;
	w->threaded = thread_start(&w->thread, walk, w) == 0;
	if (!w->threaded)
		walk(w);
}

void standing_join(struct saving *s)
{
	if (s->walk && s->walk->threaded)
		pthread_join(s->walk->thread, NULL);
	free(TAKE_PTR(s->walk));
}

void standing_end(struct saving *s)
{
	if (s->walk)
		atomic_store(&s->walk->stop, true);
	standing_join(s);
}
