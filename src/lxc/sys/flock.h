/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_FLOCK_H
#define LXCCKPT_SYS_FLOCK_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* The process that holds a flock() on a file; pid 0: unknown from here. */
struct flock_holder {
	pid_t pid;
	bool shared;
	char command[16]; /* its name in the kernel */
	time_t since;	  /* when the process started; 0: unknown */
};

struct flock_holder flock_holder(int fd);

/* The same, from a text like /proc/locks. */
struct flock_holder flock_holder_parse(const char *locks, dev_t dev, ino_t ino);

/* "2026-11-24 18:03:12", in the local time zone. Caller frees. */
char *local_time_text(time_t t);

#endif
