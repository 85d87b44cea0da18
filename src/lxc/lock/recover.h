/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_RECOVER_H
#define LXCCKPT_LOCK_RECOVER_H

/* A file for each healing; recover.c says which are due. */

#include <stdbool.h>

#include <lxc/lxccontainer.h>
#include <sys/types.h>

#include "facts/facts.h"
#include "lock/record.h"
#include "util/error.h"

/* All processes that have written the record are dead: puts back what it says. */
int recover(const struct record *left, struct lxc_container *c, struct error **reterr) _must_check_;

/* What repair mode takes from the TCP sockets of a container. Kept by who traces CRIU (keeper.h).
 */
struct connections;
struct connections *connections_look(pid_t init);

/*
 * A CRIU that was killed leaves the TCP sockets it had looked at in repair mode,
 * in which every read fails and the application gives its connection up. Takes
 * all sockets of the container out of it. To be done before its network is
 * attached again: until then an application that waits has nothing to read.
 * were: NULL where it is not known.
 */
void recover_connections(pid_t init, const struct connections *were);

/*
 * It also leaves the rules that held up the container's packets while it worked,
 * where it was CRIU that did that. Removes them.
 */
void recover_firewall(pid_t init);

/*
 * And names ("link_remap.N") that it gave to open files in the rootfs whose own name was deleted
 * and that have another one. The next checkpoint would fail because of them. Removes those of
 * files that the container's processes have open; whether there were any. Names in what
 * the container mounts of the host stay: another container's checkpoint may need them.
 */
bool recover_names(pid_t init);

/*
 * A checkpoint that failed or was killed may have left its links off their bridges.
 * Puts all back that can be, and says which one cannot. 0 or -errno.
 */
int recover_bridges(const struct nic *nics, size_t n_nics, struct error **reterr) _must_check_;

/* CRIU may have died with the cgroup (its directory) frozen: it goes on. */
void recover_freezer(const char *directory);

/*
 * Ends all processes of the record's cgroups, as a restore that was killed leaves them half made,
 * and waits a moment until they have ended. init: of a container that has been started since, whose
 * cgroup is spared; 0: none.
 */
void recover_cgroups(const struct record *left, pid_t init);

/* Deletes the links that a killed restore has made, but for those of the container that runs. */
void recover_made_links(const struct record *left, struct lxc_container *running);

/*
 * Deletes the links of a container whose monitor was killed while it ran, as the lock's record of
 * its links says. While the monitor lives, or init outlives it, nothing is done.
 */
void recover_left_links(const char *lock);

#endif
