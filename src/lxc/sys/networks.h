/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_NETWORKS_H
#define LXCCKPT_SYS_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NETWORKS_MAX 1024

/*
 * Finds the network namespaces of a container's processes, each once, that of init first: in *ret a
 * process in each, which the caller frees. Returns how many there are; beyond NETWORKS_MAX,
 * *ret_more is true.
 */
size_t networks_find(pid_t init, pid_t **ret, bool *ret_more);

/*
 * Which of the IDs that one network namespace has for others mean one of the container's. The
 * kernel is asked only as often as needed: usually the other end of a veth is in init's.
 */
struct network_ids {
	int sock;	  /* to the tables of that namespace (NETLINK_ROUTE) */
	const pid_t *all; /* as networks_find() returns them */
	size_t n, asked;
	int32_t ids[NETWORKS_MAX];
};

/* budget: requests that all calls together may make; without any left, no ID is known. */
bool network_ids_have(struct network_ids *ids, int32_t id, size_t *budget);

#endif
