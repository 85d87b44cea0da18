/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_IDENTITY_H
#define LXCCKPT_INSPECT_IDENTITY_H

/*
 * Identifies a container, however its LXCPATH is spelled. LXC names a command socket by the LXCPATH
 * that lxc-start was given, letter by letter: one directory has as many sockets as spellings, and
 * each LXC tool sees only its own.
 */

#include <lxc/lxccontainer.h>

/* The container's directory without links: the same for every spelling. Caller frees. */
char *container_place(struct lxc_container *c);

/* Pure. A file name that is unique to that place: "-var-lib-lxc-web.lock". Caller frees. */
char *place_file_name(const char *place, const char *ending);

/*
 * The name of the container's lock: "8:1-131073-web.lock", by the device and inode of its
 * directory. A bind mount leads to one directory by several paths, none of which is a link.
 * Caller frees.
 */
char *container_lock_name(const char *place);

/*
 * If no monitor answers for c under its own LXCPATH: the spelling under which one answers for the
 * same container. NULL: there is none. Caller frees.
 */
char *container_other_lxcpath(struct lxc_container *c);

/*
 * As long as one of these exists, c asks the monitor of the same container. NULL: the spelling is
 * c's own.
 */
struct spelling {
	struct lxc_container *c;
	char *own, *other;
};
struct spelling spelling_adopt(struct lxc_container *c);
void spelling_end(struct spelling *s);
#define _cleanup_spelling_ __attribute__((cleanup(spelling_end), unused))

/*
 * Pure. Parses a line of /proc/net/unix: returns the LXCPATH in the name of a listening command
 * socket of a container with that name. NULL: another socket. Caller frees.
 */
char *command_socket_lxcpath(const char *line, const char *name);

#endif
