/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_RUNTIME_H
#define LXCCKPT_UTIL_RUNTIME_H

/* Root's own directory for what lasts no longer than the boot. */
#define RUNTIME_DIR "/run/lxc-checkpoint"

/* Makes it where it is missing; refuses one that is not root's alone. Descriptor or -errno. */
int runtime_dir_open(void);

/* Replaces a file in it at once. 0 or -errno. */
int runtime_write(const char *name, const char *text);

#endif
