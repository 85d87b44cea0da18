/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_CORE_COOKIE_H
#define LXCCKPT_SYS_CORE_COOKIE_H

/*
 * Core scheduling: only threads with the same cookie run on the CPUs of one core at any time. A
 * cookie is an object of the kernel. Its number only says which threads share it.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Returns 0: this machine has cookies; -ENODEV: its cores have one CPU each; -EINVAL: its kernel
 * has none.
 */
int core_cookie_check(void);

/* The cookie of a thread; 0: it has none, or this machine has none. */
uint64_t core_cookie_get(pid_t tid);

/*
 * Gives all these threads a new cookie of their own. The caller keeps its own one: a child does
 * this, and the caller waits for it. Returns 0 or -errno, as core_cookie_check().
 */
int core_cookie_give(const pid_t *tids, size_t n);

/* Removes the cookie of this thread, if the first process of its PID namespace has none. */
void core_cookie_drop(void);

/*
 * Pure. The number of a cookie: 0 for none, otherwise counted from 1 in the order of first use.
 * *known, with *n, is a heap array that begins as NULL.
 */
int core_cookie_number(uint64_t cookie, uint64_t **known, size_t *n);

#endif
