/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_UNIX_LISTENERS_H
#define LXCCKPT_CARRY_UNIX_LISTENERS_H

/*
 * A file in the image: who made Unix sockets listen, as SO_PEERCRED tells their clients. CRIU makes
 * all of them as root. One socket a line, and only those that CRIU would not make by itself:
 *
 *   17 5 33 6 18
 *
 * That is: a process that has it open and the descriptor there; user, group and process that called
 * listen(), 0 if that process has exited. All are as the container sees them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "facts/facts.h"

#define LISTENERS_NAME "listeners"
#define LISTENERS_MAX  (64 * 1024 * 1024)

struct listener {
	pid_t pid;
	int fd;
	uid_t uid;
	gid_t gid;
	pid_t by;
};

struct listeners {
	struct listener *v;
	size_t n;
};

/* Pure. Strict; -EBADMSG: it is not such a file. */
int listeners_parse(const char *text, size_t len, struct listeners *ret);

/* Pure. Caller frees. */
char *listeners_format(const struct listeners *l);

/* Pure. Translates a user's or group's ID by the container's ID map; -1: it has none. */
unsigned int id_inside(const struct container_facts *facts, char kind, unsigned int outside);
unsigned int id_outside(const struct container_facts *facts, char kind, unsigned int inside);

void listeners_clear(struct listeners *l);
#define _cleanup_listeners_ __attribute__((cleanup(listeners_clear)))

#endif
