/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "carry/devices_save.h"
#include "sys/bpf.h"
#include "util/hex.h"
#include "util/mem.h"

static int add_program(struct container_facts *facts, uint32_t id, struct error **reterr)
{
	_cleanup_free_ void *instructions = NULL;
	size_t len;
	int r = bpf_program_instructions(id, &instructions, &len);

	if (r < 0) {
		error_refuse(reterr, -r,
			     "the rules for %s's devices (BPF program %u) cannot be read: %s",
			     facts->name, id, strerror(-r));
		error_set_hint(
			reterr,
			"without them every device would be open to it after a restore; "
			"look at the sysctls net.core.bpf_jit_harden and kernel.kptr_restrict");
		return r;
	}
	ARRAY_ADD(facts->device_programs, facts->n_device_programs)->instructions =
		hex_encode(instructions, len);
	return 0;
}

int inspect_devices(struct container_facts *facts, int cgroup, struct error **reterr)
{
	uint32_t ids[BPF_PROGRAMS_MAX];
	int n = cgroup < 0 ? cgroup : bpf_device_programs(cgroup, ids);
	int r = 0;

	/* without cgroup2, or without device programs in the kernel, there are none */
	if (n == -ENOENT || n == -EINVAL || n == -ENOSYS)
		return 0;
	if (n < 0)
		return error_refuse(reterr, -n, "the rules for %s's devices cannot be read: %s",
				    facts->name, strerror(-n));
	for (int i = 0; r == 0 && i < n; i++)
		r = add_program(facts, ids[i], reterr);
	return r;
}
