/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_CORE_COOKIE_H
#define LXCCKPT_SYS_CORE_COOKIE_H

/*
 * Core scheduling: at any time only threads with the same cookie run on the CPUs of one
 * core. A cookie is an object of the kernel's, with a number that says no more than
 * which threads have the same.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 0: this machine has cookies; -ENODEV: its cores have one CPU each; -EINVAL: its kernel has none.
 */
int core_cookie_check(void);

/* That of a thread; 0 where it has none, or there are none here. */
uint64_t core_cookie_get(pid_t tid);

/*
 * All of these threads get one that nobody else has. The caller keeps his own, so a child
 * of his does it, which is waited for. 0 or -errno, as core_cookie_check().
 */
int core_cookie_give(const pid_t *tids, size_t n);

/* This thread has none any more, where the first process of its PID namespace has none. */
void core_cookie_drop(void);

/*
 * Pure. The number of a cookie: 0 for none, else it counts from 1 in the order in which
 * they are asked for. *known, with *n, is a heap array that begins as NULL.
 */
int core_cookie_number(uint64_t cookie, uint64_t **known, size_t *n);

#endif
