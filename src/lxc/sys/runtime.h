/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_RUNTIME_H
#define LXCCKPT_SYS_RUNTIME_H

#include <sys/types.h>

/* Root's own directory for data that lasts until the next boot. */
#define RUNTIME_DIR "/run/lxc-checkpoint"

/*
 * Makes it if it is missing; refuses one that does not belong to root alone. Returns a descriptor
 * or -errno.
 */
int runtime_dir_open(void);

/* Verifies that only root can have written an open file in it. Returns 0 or -EPERM. */
int runtime_check(int fd);

/* Reads a file in it, as read_all(), after that verification. */
ssize_t runtime_read(const char *name, size_t max, char **ret);

/* Replaces a file in it atomically. Returns 0 or -errno. */
int runtime_write(const char *name, const char *text);

/*
 * The same for a file that one process writes at a time: however often writers are killed, they
 * leave at most one other name.
 */
int runtime_replace(const char *name, const char *text);

#endif
