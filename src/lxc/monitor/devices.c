/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Adds device rules while the container runs: reads the attached program, changes it, and replaces
 * it. Runs in the monitor, as root, through the payload cgroup's descriptor.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>

#include "monitor/device_rules.h"
#include "monitor/monitor_private.h"
#include "sys/bpf.h"
#include "util/fd.h"
#include "util/mem.h"

static uint32_t access_mask(const char *access)
{
	uint32_t mask = 0;

	for (; *access; access++)
		mask |= *access == 'r'	 ? BPF_DEVCG_ACC_READ
			: *access == 'w' ? BPF_DEVCG_ACC_WRITE
					 : BPF_DEVCG_ACC_MKNOD;
	return mask;
}

static uint32_t device_type(char type)
{
	return type == 'b' ? BPF_DEVCG_DEV_BLOCK : type == 'c' ? BPF_DEVCG_DEV_CHAR : 0;
}

static bool change(struct device_rules *rules, const struct wire_device_rule *wire)
{
	const struct device_rule rule = {
		.type = device_type(wire->type),
		.access = access_mask(wire->access),
		.major = wire->major,
		.minor = wire->minor,
		.allow = wire->allow,
	};

	if (wire->type == 'a' && wire->major < 0 && wire->minor < 0 && !*wire->access)
		return device_rules_reset(rules, wire->allow);
	/* without any access it matches nothing */
	return rule.access && device_rules_add(rules, &rule);
}

/*
 * Finds the program with the container's rules: one in our form or LXC's if there is one, because
 * another may belong to the container's manager. Returns 1 and sets *ret_id and rules, or 0: the
 * container has none.
 */
static int find_program(int cgroup, uint32_t *ret_id, struct device_rules *rules)
{
	uint32_t ids[BPF_PROGRAMS_MAX];
	int n = bpf_device_programs(cgroup, ids);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ void *program = NULL;
		size_t len;
		int r = bpf_program_instructions(ids[i], &program, &len);

		if (r < 0)
			return r;
		device_rules_clear(rules);
		device_rules_read(rules, program, len);
		*ret_id = ids[i];
		if (!rules->rest)
			break;
	}
	return n < 0 ? n : n > 0;
}

/*
 * A container without a program may use every device. LXC begins an allowlist with the first rule,
 * so that allowing one more device forbids all others, including /dev/null. Nobody wants that, so
 * here they stay allowed.
 */
int devices_add_rule(struct monitor *m, const struct wire_device_rule *rule)
{
	_cleanup_device_rules_ struct device_rules rules;
	_cleanup_free_ void *program = NULL;
	_cleanup_close_ int cgroup = -1;
	uint32_t id = 0;
	size_t len;
	int found;

	device_rules_init(&rules);
	if (cgroup_limit_fd(m) < 0)
		return -ENOENT;
	/* the existing descriptor is O_PATH, to which nothing can be attached */
	cgroup = openat(cgroup_limit_fd(m), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return -errno;
	found = find_program(cgroup, &id, &rules);
	if (found < 0)
		return found;
	if (!change(&rules, rule))
		return 0;
	program = device_rules_program(&rules, &len);
	return found ? bpf_replace_device_program(cgroup, id, program, len)
		     : bpf_attach_device_program(cgroup, program, len);
}
