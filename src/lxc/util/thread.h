/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_THREAD_H
#define LXCCKPT_UTIL_THREAD_H

#include <pthread.h>

/*
 * Starts threads that work on the caller's stack. Between thread_begin() and thread_end() the
 * caller, which may be a thread of any program, cannot be cancelled, so it joins what it started.
 */
struct thread_scope {
	int cancel_state;
};

struct thread_scope thread_begin(void);

/* Starts a thread that takes no signal: those are for the host program. Returns 0 or -errno. */
int thread_start(pthread_t *ret, void *(*fn)(void *userdata), void *userdata);

void thread_end(struct thread_scope *scope);

#define _thread_scope_ __attribute__((cleanup(thread_end), unused)) struct thread_scope

#endif
