/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads lines of /proc/PID/mountinfo, which may be a container's. Pure, and for any process. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "util/mountinfo.h"

/* "36 35 98:0 / /target ..." */
bool mountinfo_numbers(const char *line, uint64_t *ret_id, dev_t *ret_device)
{
	char id[24], maj[16], min[16];

	if (sscanf(line, "%23[0-9] %*d %15[0-9]:%15[0-9]", id, maj, min) != 3)
		return false;
	if (ret_id)
		*ret_id = strtoull(id, NULL, 10);
	*ret_device = makedev(strtoul(maj, NULL, 10), strtoul(min, NULL, 10));
	return true;
}
