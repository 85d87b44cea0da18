/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Copies the BPF programs that decide which devices the container may use. Runs in the caller's
 * process at a dump, as root, and only reads.
 */
#include "config.h"

#include <errno.h>

#include "carry/table_save.h"
#include "sys/bpf.h"
#include "util/hex.h"
#include "util/mem.h"

static int add_program(struct container_facts *facts, uint32_t id)
{
	_cleanup_free_ void *instructions = NULL;
	size_t len;
	int r = bpf_program_instructions(id, &instructions, &len);

	if (r < 0)
		return r;
	ARRAY_ADD(facts->device_programs, facts->n_device_programs)->instructions =
		hex_encode(instructions, len);
	return 0;
}

int devices_save(struct saving *s, struct error **reterr)
{
	struct container_facts *facts = s->facts;
	struct obstacles *o = &facts->obstacles;
	uint32_t ids[BPF_PROGRAMS_MAX];
	int n = s->cgroup < 0 ? s->cgroup : bpf_device_programs(s->cgroup, ids);

	(void)reterr;
	/* without cgroup2, or without device programs in the kernel, there are none */
	if (n == -ENOENT || n == -EINVAL || n == -ENOSYS)
		return 0;
	if (n < 0)
		o->devices_err = -n;
	for (int i = 0; o->devices_err == 0 && i < n; i++) {
		int r = add_program(facts, ids[i]);

		if (r < 0) {
			o->devices_err = -r;
			o->device_program = ids[i];
		}
	}
	return 0;
}
