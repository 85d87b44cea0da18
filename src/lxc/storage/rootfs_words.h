/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_STORAGE_ROOTFS_WORDS_H
#define LXCCKPT_STORAGE_ROOTFS_WORDS_H

/* The texts in which a configuration names a rootfs that LXC mounts, read as LXC reads them. */

#include <stdbool.h>

#include "util/mem.h"

struct overlay_layers {
	char *lower, *upper; /* as LXC passes them to the kernel, with backslashes */
	struct strv dirs;    /* the directories: the lower ones, the topmost first, and the upper */
};

/*
 * Pure. Parses "[overlay:]/lower[:/lower...]:/upper". *ret begins empty, as {0}. Returns false, and
 * leaves it empty, if there are less than two layers, or one that is no absolute path.
 */
bool overlay_layers_parse(const char *path, struct overlay_layers *ret);
void overlay_layers_clear(struct overlay_layers *l);
#define _cleanup_layers_ __attribute__((cleanup(overlay_layers_clear)))

/* Pure. A directory as a lower layer among the options of an overlay. Caller frees. */
char *overlay_escape(const char *dir);

/* Pure. The work directory of an upper one: LXC makes it beside that one. Caller frees. */
char *overlay_work(const char *upper);

/*
 * Pure. Splits lxc.rootfs.options (may be NULL) into mount()'s flags and what the filesystem is
 * told. *ret_data is NULL if that is nothing; caller frees.
 */
void rootfs_options_parse(const char *options, unsigned long *ret_flags, char **ret_data);

#endif
