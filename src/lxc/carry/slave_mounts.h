/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SLAVE_MOUNTS_H
#define LXCCKPT_CARRY_SLAVE_MOUNTS_H

/*
 * Mounts that CRIU cannot make slaves, and their masters. CRIU makes a group of mounts with one
 * master from one of them, which has to show everything that the others show. Services of systemd
 * are different: each shows its own directory of /run/systemd/propagate on /run/systemd/incoming,
 * and is a slave of the container's /run.
 */

#include <stdbool.h>
#include <stddef.h>

/* The file of the image; there is none if no mount needs it. */
#define PROPAGATION_NAME "propagation"
#define PROPAGATION_MAX	 (16 * 1024 * 1024)

/*
 * Another file of the same form: mounts that show a socket, and where the container's init sees
 * that socket. CRIU makes each Unix socket anew, but after the mounts, so they are taken out of
 * CRIU's image.
 */
#define MOUNTED_SOCKETS_NAME "mounted-sockets"

/* A mount, in the mount namespace of a process of the container. */
struct place {
	int pid; /* the process's, in the container */
	char *target;
};

struct slave_mount {
	struct place slave, master;
};

struct propagation {
	struct slave_mount *v;
	size_t n;
};

void propagation_clear(struct propagation *p);
#define _cleanup_propagation_ __attribute__((cleanup(propagation_clear)))

/* Pure. The contents of the file. Caller frees. */
char *propagation_format(const struct propagation *p);

/* Pure. Returns false if the text is not one that propagation_format() writes. */
bool propagation_parse(const char *text, struct propagation *ret);

/*
 * Pure. Where a file of a filesystem is seen, by a mount that shows the directory root of it at
 * point. NULL: the mount does not show the file. Caller frees.
 */
char *path_by_mount(const char *root, const char *point, const char *file);

/* A mount that belongs to a peer group, has a master, or both. */
struct sharer {
	unsigned int shared, master;
	const char *root;
	size_t order; /* the container's init has the smallest */
};

/*
 * Pure, for mounts of one group: the same master, and no peer group of their own. Returns whether
 * CRIU fails at them: none shows what all the others show.
 */
bool propagation_is_scattered(const struct sharer *group, size_t n);

/* The members of a peer group, sorted by what they show: the first of each. */
struct masters {
	const struct sharer **v;
	size_t n;
};

/* Pure. The group has to live as long. */
void propagation_masters(const struct sharer *group, size_t n, struct masters *ret);

void masters_clear(struct masters *m);
#define _cleanup_masters_ __attribute__((cleanup(masters_clear)))

/*
 * Pure. The first member of the master's peer group that m can be made a slave of, because it
 * shows everything that m shows; NULL: none.
 */
const struct sharer *propagation_master(const struct masters *all, const struct sharer *m);

#endif
