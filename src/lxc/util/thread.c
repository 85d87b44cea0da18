/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Threads of a library: the host program must not notice them. Runs in the caller's process.
 */
#include "config.h"

#include <signal.h>

#include "util/thread.h"

struct thread_scope thread_begin(void)
{
	struct thread_scope scope;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &scope.cancel_state);
	return scope;
}

int thread_start(pthread_t *ret, void *(*fn)(void *userdata), void *userdata)
{
	sigset_t all, was;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	e = pthread_create(ret, NULL, fn, userdata);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return -e;
}

void thread_end(struct thread_scope *scope)
{
	pthread_setcancelstate(scope->cancel_state, NULL);
}
