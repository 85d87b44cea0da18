/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_RUNTIME_H
#define LXCCKPT_SYS_RUNTIME_H

#include <sys/types.h>

/* Root's own directory for what lasts no longer than the boot. */
#define RUNTIME_DIR "/run/lxc-checkpoint"

/* Makes it where it is missing; refuses one that is not root's alone. Descriptor or -errno. */
int runtime_dir_open(void);

/* Whether an open file of it is what root alone can have written. 0 or -EPERM. */
int runtime_check(int fd);

/* A file of it, as read_all(), where it is such a one. */
ssize_t runtime_read(const char *name, size_t max, char **ret);

/* Replaces a file in it at once. 0 or -errno. */
int runtime_write(const char *name, const char *text);

/*
 * The same of a file that one process writes at a time: however often one is killed meanwhile, they
 * leave one other name at most.
 */
int runtime_replace(const char *name, const char *text);

#endif
