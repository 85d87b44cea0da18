/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_NIC_KINDS_H
#define LXCCKPT_INSPECT_NIC_KINDS_H

#include <stdbool.h>

#include "facts/facts.h"

/* A link, as the kernel tells of it. */
struct nic_kind {
	const char *type; /* "veth" */
	const char *name;
	unsigned int hardware; /* ARPHRD_ETHER, ... */
	bool is_up;
};

/* Pure. Whether CRIU makes such a link again, wherever it is, and nothing outside is needed. */
bool nic_is_made(const struct nic_kind *k);

/* Pure. Whether the kernel puts it into each network namespace while its module is loaded. */
bool nic_is_fallback(const struct nic_kind *k);

/* Adds a link that cannot be carried. pid: a process in its network namespace; 0: that of init. */
void nic_add_obstacle(struct container_facts *facts, const struct nic_kind *k,
		      enum inner_nic_fault fault, pid_t pid);

#endif
