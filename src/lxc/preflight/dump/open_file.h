/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_DUMP_OPEN_FILE_H
#define LXCCKPT_PREFLIGHT_DUMP_OPEN_FILE_H

/* Shared by the checks of open and mapped files. Nobody else includes this. */

#include <limits.h>
#include <sys/stat.h>

#include "preflight/survey.h"

#define LINK_SIZE     256
#define CRIU_LINK_MAX (PATH_MAX - 2) /* the longest path that CRIU takes */

#define MEM_MAJOR 1
#define MEM_ZERO  5

struct open_file {
	const struct process *process;
	int dir; /* /proc/PID/fd */
	const char *name;
	int fd;
	struct statx st;
};

/* --- open_file.c: what the kernel tells of one ---------------------------------------------------
 */

/* Fills st. false: it is closed by now. A file server that does not answer is not waited for. */
bool open_file_look(struct open_file *f);
/* Whether two looks found the same file, by the same mount. */
bool open_file_is_same(const struct open_file *a, const struct open_file *b);

/* Its name in /proc; "" where it is closed by now, cut off where it is long. */
void open_file_link(const struct open_file *f, char link[LINK_SIZE]);

/*
 * Copies a descriptor of a process, if it is still the file of that type (S_IFSOCK) and inode.
 * Returns a descriptor or -errno. Waits for no file server.
 */
int copy_descriptor(struct survey *s, const struct process *p, int number, mode_t type,
		    ino_t inode);

/* Text of its fdinfo; NULL where it is closed by now. Caller frees. */
char *open_file_info(const struct open_file *f);

/* --- file_kinds.c: files that the kernel makes for a purpose of its own --------------------------
 */

void check_anonymous(struct survey *s, const struct open_file *f);

/* Reports an open or mapped file with that link, unless CRIU saves its kind. */
void found_kind(struct survey *s, const struct process *p, const char *link);

/* --- lost_settings.c: what CRIU restores a file without ------------------------------------------
 */

void check_event_counter(struct survey *s, const struct open_file *f);
void check_unread_events(struct survey *s, const struct open_file *f);
/* mask: of a watch of inotify. */
void check_watch_flags(struct survey *s, const struct process *p, unsigned long mask);
/* Reports a terminal that is opened exclusively. */
void check_exclusive(struct survey *s, const struct open_file *f);

/* --- file_places.c: files that have a place in the container, or should have ---------------------
 */

/* true: it is on a mount that CRIU can open it from */
bool check_place(struct survey *s, const struct open_file *f);
void check_regular(struct survey *s, const struct open_file *f);
void check_pipe(struct survey *s, const struct open_file *f);

/* --- outside_pipes.c -----------------------------------------------------------------------------
 */

/* Records a pipe, or a FIFO that a restore makes anew. m: its mount, NULL for a pipe. */
void note_pipe(struct survey *s, const struct open_file *f, const struct mount *m,
	       const char *info);

/* --- holders.c -----------------------------------------------------------------------------------
 */

/* Pure. What a descriptor can be used for, by its fdinfo: ACCESS_*. */
unsigned int access_of(const char *info);

/* --- outside_null.c ------------------------------------------------------------------------------
 */

/*
 * Of a file that is on no mount of the container: whether it is /dev/null. The image will have the
 * container's own in its place.
 */
bool replace_by_null(struct survey *s, const struct open_file *f);

#define DROPPED_REMEDY "restart that process after a restore, if it needs what it has open there"

/* With --drop-outside: the same of other kinds of files, and of a pipe. */
bool drop_outside_file(struct survey *s, const struct open_file *f);
bool drop_outside_pipe(struct survey *s, dev_t dev, uint64_t inode);

/* --- file_places.c, continued --------------------------------------------------------------------
 */

/* The program, the root and the working directory. */
void check_places(struct survey *s, const struct process *p);

/*
 * Of a path on a mount: whether CRIU would make its filesystem anew without it. how: "has a file
 * open".
 */
void check_content(struct survey *s, const struct process *p, const struct mount *m,
		   const char *path, const char *how);

/* how: "has a file open" */
void found_name(struct survey *s, const struct process *p, const char *how, const char *why);

/* --- reopening.c: files that CRIU could not open another time
 * -------------------------------------
 */

void check_reopening(struct survey *s, const struct open_file *f, const struct mount *m,
		     const char *path);

/* Reports mapped code. */
void check_code_mount(struct survey *s, const struct process *p, const struct mount *m,
		      const char *path);
void check_program_mode(struct survey *s, const struct process *p, const struct statx *st,
			const char *path);
void check_descriptor_number(struct survey *s, const struct process *p, int fd);

/* --- open_devices.c ------------------------------------------------------------------------------
 */

void check_device(struct survey *s, const struct open_file *f);
void check_block_device(struct survey *s, const struct open_file *f);

/* how: "open", "mapped" */
void found_device(struct survey *s, const struct process *p, const char *how, const char *link);

#endif
