/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_RECOVER_H
#define LXCCKPT_LOCK_RECOVER_H

#include <sys/types.h>

#include "facts/facts.h"
#include "util/error.h"

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
 * A checkpoint that failed or was killed may have left its links off their bridges.
 * Puts all back that can be, and says which one cannot. 0 or -errno.
 */
int recover_bridges(const struct nic *nics, size_t n_nics, struct error **reterr);

/* CRIU may have died with the cgroup (its directory) frozen: it goes on. */
void recover_freezer(const char *directory);

/*
 * Ends all processes of a cgroup, as a restore that was killed leaves them half made, and
 * waits a moment until they have ended. "NUMBER DIRECTORY": where the directory is another
 * cgroup's by now, nothing is done.
 */
void recover_cgroup(const char *numbered);

#endif
