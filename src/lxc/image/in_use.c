/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Names the process that has locked an image. Runs in the command, as root, in the host's PID
 * namespace.
 */
#include "config.h"

#include <string.h>

#include "image/in_use.h"
#include "sys/flock.h"
#include "util/mem.h"

/* Names of our processes, cut to the kernel's length. */
#define TOOL	"lxc-checkpoint"
#define MONITOR "lxc-checkpoint-"

/* A writer makes a checkpoint; a monitor restores. */
static const char *what_it_does(const struct flock_holder *h)
{
	if (!h->shared)
		return "a checkpoint";
	return strcmp(h->command, MONITOR) == 0 ? "a restore" : "a restore or a verification";
}

int image_refuse_in_use(int fd, const char *path, struct error **reterr)
{
	const struct flock_holder h = flock_holder(fd);
	_cleanup_free_ char *since = local_time_text(h.since);

	if (h.pid == 0)
		error_refuse(reterr, EBUSY, "%s is in use by another checkpoint or restore", path);
	else if (h.since > 0 && strncmp(h.command, TOOL, strlen(TOOL)) == 0)
		error_refuse(reterr, EBUSY, "%s is in use by %s since %s (process %d)", path,
			     what_it_does(&h), since, (int)h.pid);
	else
		/* a program that uses the library may have started before its operation */
		error_refuse(reterr, EBUSY, "%s is in use by %s (process %d%s%s)", path,
			     what_it_does(&h), (int)h.pid, h.command[0] ? ", " : "", h.command);
	error_set_hint(reterr, "wait until that is done, or choose another directory");
	return -EBUSY;
}
