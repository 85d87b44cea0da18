/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_FLOCK_H
#define LXCCKPT_SYS_FLOCK_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Who has a flock() on a file; pid 0 where that cannot be seen from here. */
struct flock_holder {
	pid_t pid;
	bool shared;
	char command[16]; /* its name, as the kernel has it */
	time_t since;	  /* when the process began; 0: not known */
};

struct flock_holder flock_holder(int fd);

/* The same, of a text like /proc/locks. */
struct flock_holder flock_holder_parse(const char *locks, dev_t dev, ino_t ino);

/* "2026-11-24 18:03:12", in the zone of here. Caller frees. */
char *local_time_text(time_t t);

#endif
