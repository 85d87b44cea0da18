/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_DEVICE_RULES_H
#define LXCCKPT_MONITOR_DEVICE_RULES_H

/*
 * Reads a container's device rules from a cgroup's device program, and makes a program of rules.
 * Nothing here does I/O.
 *
 * LXC's monitor keeps its rules in memory, where a checkpoint cannot find them. But LXC's programs
 * have one simple form, as ours have, and this file reads the rules from them. So the attached
 * program is the only copy of the rules, and a checkpoint carries it anyway.
 *
 * Rules of LXC's list that are not in the program get lost: they state what holds without them.
 * They could never matter, because the only command that changes the default also empties the
 * list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device_rule {
	uint32_t type;	      /* BPF_DEVCG_DEV_BLOCK or _CHAR; 0: both */
	uint32_t access;      /* BPF_DEVCG_ACC_*: it matches requests for these alone */
	int64_t major, minor; /* -1: all */
	bool allow;
};

struct device_rules {
	struct device_rule *rules; /* the first match decides */
	size_t n;
	bool otherwise; /* the verdict if no rule matches ... */
	/*
	 * ... unless the program continues with instructions of another form, which then decide;
	 * NULL: none
	 */
	void *rest;
	size_t rest_len; /* bytes */
};

/* The rules without a program: everything is allowed. */
void device_rules_init(struct device_rules *rules);

/*
 * Reads a program into rules, which must be clear. Every program can be read, in the worst case as
 * a rest.
 */
void device_rules_read(struct device_rules *rules, const void *program, size_t len);

/*
 * Adds a rule, as devices.allow and devices.deny of lxc-cgroup do: the newest decides. A rule that
 * states what holds anyway only removes its opposite. Returns false if nothing changes.
 */
bool device_rules_add(struct device_rules *rules, const struct device_rule *rule);

/* "a": removes all rules and allows everything or nothing. Returns false if nothing changes. */
bool device_rules_reset(struct device_rules *rules, bool allow);

/* Makes a program, eight bytes an instruction. Caller frees. */
void *device_rules_program(const struct device_rules *rules, size_t *ret_len);

void device_rules_clear(struct device_rules *rules);
#define _cleanup_device_rules_ __attribute__((cleanup(device_rules_clear)))

#endif
