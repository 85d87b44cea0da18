/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RECOVER_H
#define LXCCKPT_RECOVER_H

#include <sys/types.h>

/*
 * A CRIU that was killed leaves the TCP sockets it had looked at in repair mode,
 * in which every read fails and the application gives its connection up. Takes
 * all sockets of the container out of it. To be done before its network is
 * attached again: until then no application has anything to read.
 */
void recover_connections(pid_t init);

/*
 * It also leaves the rules that held up the container's packets while it worked,
 * where it was CRIU that did that. Removes them.
 */
void recover_firewall(pid_t init);

#endif
