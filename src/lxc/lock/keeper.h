/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_KEEPER_H
#define LXCCKPT_LOCK_KEEPER_H

#include <sys/types.h>

/*
 * The keeper is a process that delays CRIU's exit. When CRIU dies, the kernel lets all stopped
 * processes continue at once. A process that then reads from a socket in repair mode gets EPERM and
 * gives its connection up, so a repair after CRIU's death is too late. So the keeper traces CRIU,
 * and when a signal is about to kill CRIU, takes the sockets out of repair mode while the processes
 * are still stopped. It outlives the command, and exits with CRIU. Start it when the processes are
 * stopped and CRIU has not looked at a socket yet. lock: an operation's, which the keeper holds as
 * long as it works. Returns when CRIU is traced; -errno: it is not, and a killed CRIU may cost
 * connections.
 */
pid_t keeper_start(pid_t criu, pid_t init, int lock);

/* Call after CRIU's exit. */
void keeper_end(pid_t keeper);

#endif
