/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STATE_H
#define STATE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * One kind of state, kept by a process of its own that leads a session and whose
 * working directory is its own and empty. Both functions run in it; what the
 * one wants to tell the other is in static variables. verify complains of all that
 * is not as setup made it, and leaves it as it found it or makes it anew, for
 * it is called after each of several checkpoints.
 */
struct kind {
	const char *name;
	void (*setup)(void);
	void (*verify)(void);
	const void *arg; /* for kinds that share functions: see this_kind */
};

/* Each ends with an empty one. */
extern const struct kind blocked_kinds[], file_kinds[], inet_kinds[], ipc_kinds[], lock_kinds[],
	memory_kinds[], notify_kinds[], option_kinds[], pipe_kinds[], process_kinds[],
	seccomp_kinds[], session_kinds[], setting_kinds[], signal_kinds[], task_kinds[],
	terminal_kinds[], thread_kinds[], timer_kinds[], unix_kinds[], user_kinds[];

extern const struct kind *this_kind;

/* What the end of its process does not end, ends this, if setup sets it. */
extern void (*at_end)(void);

/* What is found instead of what; in verify only. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void same(const char *what, long wanted, long found);
void same_text(const char *what, const char *wanted, const char *found);
void same_bytes(const char *what, const void *wanted, const void *found, size_t len);

/* A state cannot be made: the end of its process. */
void cannot(const char *what) __attribute__((noreturn));

/* The value of a call that returns -1 when it fails. */
#define TRY(call)                                                                                  \
	({                                                                                         \
		__typeof__(call) try_ = (call);                                                    \
		if (try_ == (__typeof__(call))-1)                                                  \
			cannot(#call);                                                             \
		try_;                                                                              \
	})

/* The whole of a file, at most 64 KiB, valid until the next call; "" when there is none. */
const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What stands behind "NAME:" and blanks at the begin of a line of a text_of(); "" if nothing does.
 */
const char *field_of(const char *text, const char *name);

/* A child that ends with this process. Its end without a wish is for the caller to see. */
pid_t start_child(void (*run)(void));
/* Its number. */
pid_t start_thread(void *(*run)(void *), void *arg);
/* Whether the thread or process sleeps in that system call. */
bool is_in_call(pid_t tid, long number);
/* Returns when it does, and after a minute if it does not. */
void await_call(pid_t tid, long number);
/* Waits (looking) for a condition that comes; false if it does not within a minute. */
bool comes(bool (*condition)(void));

#endif
