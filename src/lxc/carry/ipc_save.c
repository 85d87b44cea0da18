/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Refuses message queues of System V that CRIU saves and cannot restore. Runs in the command at
 * CRIU's post-dump, as root in the host's namespaces, and only reads CRIU's image.
 */
#include "config.h"

#include <errno.h>

#include "carry/table_save.h"
#include "criu/image_ipc.h"

int ipc_save(struct saving *s, struct error **reterr)
{
	_cleanup_criu_ipc_ struct criu_ipc ipc = {0};
	const struct ipc_queue *queue;

	criu_ipc_read(s->image->dirfd, &ipc);
	queue = criu_ipc_overfull(&ipc);
	if (!queue)
		return 0;
	if (queue->longest > CRIU_MESSAGE_MAX)
		error_set(reterr, EOPNOTSUPP,
			  "the container's message queue %d has a message of %llu bytes, and CRIU "
			  "cannot restore more than %d",
			  queue->id, (unsigned long long)queue->longest, CRIU_MESSAGE_MAX);
	else
		error_set(reterr, EOPNOTSUPP,
			  "the container's message queue %d holds %llu bytes, and CRIU cannot "
			  "restore more than its kernel.msgmnb, which is %llu",
			  queue->id, (unsigned long long)queue->bytes,
			  (unsigned long long)ipc.queue_limit);
	return -EOPNOTSUPP;
}
