/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_FIREWALL_H
#define LXCCKPT_CRIU_FIREWALL_H

#include <stdbool.h>

/*
 * The programs of iptables that CRIU runs, and what they leave in its image. CRIU saves tables of
 * nftables itself. For those of the older kind lxc-checkpoint-iptables stands in for iptables
 * where that has nothing to do: see criu_job's firewall_quick.
 */

/* Whether this CRIU runs iptables for tables of the older kind alone, as one with libnftables does.
 */
bool criu_knows_nftables(const char *criu);

/*
 * Removes a file of a directory that CRIU has just written if it is a text of iptables without a
 * line: for each a restore would run iptables. 0 or -errno.
 */
int criu_firewall_mend(int dirfd, const char *name);

/* Whether there are such texts, for which a restore needs iptables. */
bool criu_image_has_firewall(int dirfd);

#endif
