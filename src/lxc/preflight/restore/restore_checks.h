/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_RESTORE_RESTORE_CHECKS_H
#define LXCCKPT_PREFLIGHT_RESTORE_RESTORE_CHECKS_H

/* The checks before a restore, and those of their parts that are pure. */

#include "carry/file_times.h"
#include "preflight/preflight.h"

/* --- machine.c: the host's processor, kernel, CRIU and memory ------------------------------------
 */

void check_machine(const struct restore_check *r, struct findings *found);

/* The words of then that are missing in now, separated by commas; NULL: none. Caller frees. */
char *missing_words(const char *then, const char *now);

/* < 0, 0, > 0 as strcmp, of the first two numbers: 6.9.3-1 is older than 6.12.0; 0 if there are
 * none */
int kernel_version_cmp(const char *a, const char *b);

/*
 * From the text of /proc/meminfo, in bytes: the memory available without displacing others, and
 * swap.
 */
uint64_t available_memory(const char *meminfo);

/* --- config.c: the container's config, then and now ----------------------------------------------
 */

void check_config(const struct restore_check *r, struct findings *found);
void check_idmap(const struct restore_check *r, struct findings *found);

/* --- rootfs.c: the files that the container has not in its checkpoint ----------------------------
 */

void check_rootfs(const struct restore_check *r, struct findings *found);
void check_sources(const struct restore_check *r, struct findings *found);
void check_open_files(const struct restore_check *r, struct findings *found);

/* --- lock_checks.c: locks on those files that somebody else has now ------------------------------
 */

void check_locks(const struct restore_check *r, struct findings *found);

/* --- leftover_checks.c: what a killed restore has left in the container's files ------------------
 */

void check_leftovers(const struct restore_check *r, struct findings *found);

/* --- block_devices.c: what the container had mounted of block devices ----------------------------
 */

void check_block_filesystems(const struct restore_check *r, struct findings *found);
/* --- stale.c: whether those files are of the time of the checkpoint, and its history -------------
 */

void check_history(const struct restore_check *r, struct findings *found);

/* Reads the file times of the image; empty if it has none. */
void stale_read(int image, const char *path, struct file_times *ret);

/* Pure: "was changed at TIME". Caller frees. */
char *stale_when(time_t when);

/* Pure: what follows the name of a file that is not FILE_SAME. Caller frees. */
char *stale_text(const struct file_time *then, const struct stat *now, enum file_age age);

/* --- made.c: what pre-start hooks may make -------------------------------------------------------
 */

void check_network(const struct restore_check *r, struct findings *found);

/* --- hugepages.c ---------------------------------------------------------------------------------
 */

void check_huge_pages(const struct restore_check *r, struct findings *found);

/* --- place.c: who can read the image, and what else is there
 * --------------------------------------
 */

void check_readers(const struct restore_check *r, struct findings *found);
void check_strays(const struct restore_check *r, struct findings *found);

/* --- surroundings.c: what the host has to have for the container ---------------------------------
 */

void check_limits(const struct restore_check *r, struct findings *found);
void check_apparmor(const struct restore_check *r, struct findings *found);
void check_users(const struct restore_check *r, struct findings *found);
void check_seccomp(const struct restore_check *r, struct findings *found);
void check_core_scheduling(const struct restore_check *r, struct findings *found);

/*
 * Whether every host ID that facts map for that kind is mapped here: text is that of
 * /proc/self/uid_map or gid_map.
 */
bool ids_are_ours(const struct container_facts *facts, const char *kind, const char *text);

#endif
