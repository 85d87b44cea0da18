/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_MEND_H
#define LXCCKPT_CRIU_IMAGE_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "criu/image_mounts.h"
#include "criu/image_watches.h"
#include "util/error.h"

/*
 * Mends what CRIU is known to write in a way that it cannot restore itself, in
 * a directory that it has just written (at post-dump):
 *
 * a file that is open with O_PATH and is also some process's program is written
 * once, with the flags of the open file, and no process can be given a program
 * that was opened so. systemd (255 and later) has its executor open like that,
 * which is the program of the "(sd-pam)" beside each user's manager. The flag is
 * taken from such a file: it comes back as one that can be read as well.
 *
 * What it says of mounts: see image_mounts.h; of watched files: see image_watches.h.
 *
 * Deleted files with long names: see image_ghosts.h.
 *
 * System calls that CRIU has interrupted: see image_calls.h.
 *
 * Processes whose session has no leader above them: see image_tree.h.
 *
 * An image of another form than is known here is left as it is. 0 or -errno.
 */
int criu_image_mend(int dirfd, const struct skipped_mounts *skipped,
		    const struct mount_changes *changes, const struct watch_changes *watches,
		    struct error **reterr) _must_check_;

/* Whether a restore removes what another would need, see criu_ghosts_have_links(). */
bool criu_image_has_links(int dirfd);

/* Whether there are TCP connections in it. */
bool criu_image_has_connections(int dirfd);

/*
 * The smallest soft limit of a file's size (RLIMIT_FSIZE) that a process in the image has.
 * UINT64_MAX: none has one.
 */
uint64_t criu_image_file_limit(int dirfd);

/* Pure. The same of the text of one core-*.img; UINT64_MAX where it says none. */
uint64_t criu_image_core_file_limit(const void *core, size_t len);

/*
 * Pure. Reads the file that is the process's program off the text of an mm-*.img; 0 where it says
 * none.
 */
uint32_t criu_image_program(const void *mm, size_t len);

/* Pure. Takes O_PATH from those files of a files.img, in place, that are among programs; how many.
 */
size_t criu_image_clear_o_path(void *files, size_t len, const uint32_t *programs, size_t n);

#endif
