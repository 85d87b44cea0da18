/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_LOCK_KEEPER_H
#define LXCCKPT_LOCK_KEEPER_H

#include <sys/types.h>

/*
 * The keeper is a process that holds up CRIU's death. When CRIU dies the kernel lets all go on
 * that it had stopped, at once, and who then reads from a socket in repair mode is told
 * EPERM and gives its connection up: after CRIU's death it is too late to mend that. So CRIU is
 * traced, and where it is about to die by a signal the sockets are taken out of repair
 * mode while the processes still stand. It outlives the command, and ends with CRIU.
 *
 * To be started when the processes stand and no socket has been looked at. lock: an
 * operation's, which is held as long as the keeper works. Returns when CRIU is
 * traced. -errno: it is not, and a killed CRIU may cost connections.
 */
pid_t keeper_start(pid_t criu, pid_t init, int lock);

/* After CRIU's end. */
void keeper_end(pid_t keeper);

#endif
