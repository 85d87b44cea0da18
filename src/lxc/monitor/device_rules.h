/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_DEVICE_RULES_H
#define LXCCKPT_MONITOR_DEVICE_RULES_H

/*
 * Rules for a container's devices, read out of a cgroup's device program and made
 * into one. Nothing here does I/O.
 *
 * LXC's monitor keeps its rules in memory, where a checkpoint does not find them;
 * but what it makes of them has one simple form, out of which they are read here,
 * and so are those of the programs that are made here. So the attached program is
 * all that has to be kept, and a checkpoint carries it already.
 *
 * Of LXC's list those rules are lost that are not in the program: they say what
 * would hold without them. They could not come into force either, because the one
 * command that changes what holds without a rule also empties the list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device_rule {
	uint32_t type;	      /* BPF_DEVCG_DEV_BLOCK or _CHAR; 0: both */
	uint32_t access;      /* BPF_DEVCG_ACC_*: it is about requests for nothing but these */
	int64_t major, minor; /* -1: all */
	bool allow;
};

struct device_rules {
	struct device_rule *rules; /* the first that fits decides */
	size_t n;
	bool otherwise; /* whether that is allowed which none fits ... */
	/* ... unless the program goes on with something else, to which that is left: NULL none */
	void *rest;
	size_t rest_len; /* bytes */
};

/* What holds without a program: everything is allowed. */
void device_rules_init(struct device_rules *rules);

/* Reads a program; any can be read, if only as a rest. rules is one that was cleared. */
void device_rules_read(struct device_rules *rules, const void *program, size_t len);

/*
 * One more rule, as devices.allow and devices.deny of lxc-cgroup mean it: the newest
 * decides, and what would hold anyhow needs none, so that it only takes back its
 * opposite. False when there is nothing to change.
 */
bool device_rules_add(struct device_rules *rules, const struct device_rule *rule);

/* "a": no rules, and everything or nothing is allowed. False when it is so already. */
bool device_rules_reset(struct device_rules *rules, bool allow);

/* As a program, eight bytes an instruction. Caller frees. */
void *device_rules_program(const struct device_rules *rules, size_t *ret_len);

void device_rules_clear(struct device_rules *rules);
#define _cleanup_device_rules_ __attribute__((cleanup(device_rules_clear)))

#endif
