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
		error_refuse(reterr, -r, "cannot read the device rules of %s (BPF program %u): %s",
			     facts->name, id, strerror(-r));
		error_set_hint(reterr,
			       "without them a restored container could use every device; check "
			       "the sysctls net.core.bpf_jit_harden and kernel.kptr_restrict");
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
		return error_refuse(reterr, -n, "cannot read the device rules of %s: %s",
				    facts->name, strerror(-n));
	for (int i = 0; r == 0 && i < n; i++)
		r = add_program(facts, ids[i], reterr);
	return r;
}
