/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Attaches copies of the BPF programs that decide which devices the container may use to its new
 * cgroup. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "restorer/restorer.h"
#include "sys/bpf.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

int devices_apply(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_close_ int cgroup = -1;

	(void)init;
	if (facts->n_device_programs == 0)
		return 0;
	cgroup = openat(r->cgroups.root, r->cgroups.payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return error_errno(reterr, "cannot open the cgroup %s", r->cgroups.payload);
	for (size_t i = 0; i < facts->n_device_programs; i++) {
		size_t len;
		_cleanup_free_ void *instructions =
			hex_decode(facts->device_programs[i].instructions, &len);
		int e = instructions ? bpf_attach_device_program(cgroup, instructions, len)
				     : -EINVAL;

		if (e < 0)
			return error_set(reterr, -e,
					 "cannot restore the container's device rules: %s",
					 strerror(-e));
	}
	return 0;
}
