/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LOOP_DEVICE_H
#define LXCCKPT_SYS_LOOP_DEVICE_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Attaches an open file to a loop device, which the kernel detaches when nobody has it open or
 * mounted any more. name (at most 63 bytes of it) is what losetup shows. Returns a descriptor of
 * the device or -errno. Caller frees *ret_path.
 */
int loop_device_attach(int file, const char *name, bool read_only, char **ret_path);

/* Whether what is at path is a loop device that has this file. */
bool loop_device_has(const char *path, const struct stat *file);

/* A loop device that has this file already. NULL: none has. Caller frees. */
char *loop_device_of(const struct stat *file);

#endif
