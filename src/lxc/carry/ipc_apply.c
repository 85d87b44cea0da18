/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gives objects of System V IPC what CRIU does not restore, although its image has it: how much a
 * message queue may hold, that a segment of shared memory goes when nobody has it attached any
 * more, and that one is locked. Runs in the monitor, as root on the host; a child of it enters the
 * container's IPC namespace. Nothing of the container runs yet.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

#include "criu/image_ipc.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static bool set_limit(const struct ipc_queue *queue)
{
	struct msqid_ds ds;

	if (msgctl(queue->id, IPC_STAT, &ds) < 0)
		return false;
	if (ds.msg_qbytes == queue->limit)
		return true;
	ds.msg_qbytes = queue->limit;
	return msgctl(queue->id, IPC_SET, &ds) == 0;
}

/* Without an attachment it would be gone at once. */
static bool remove_segment(int id)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_nattch > 0 &&
	       shmctl(id, IPC_RMID, NULL) == 0;
}

_Noreturn static void mend(const struct criu_ipc *ipc, int namespace)
{
	bool done = setns(namespace, CLONE_NEWIPC) == 0, locked = done;

	for (size_t i = 0; done && i < ipc->n_queues; i++)
		done = set_limit(&ipc->queues[i]);
	/* all that can be locked, whatever a limit forbids */
	for (size_t i = 0; done && i < ipc->n_locked; i++)
		locked = shmctl(ipc->locked[i], SHM_LOCK, NULL) == 0 && locked;
	for (size_t i = 0; done && i < ipc->n_removed; i++)
		done = remove_segment(ipc->removed[i]);
	_exit(done && locked ? EXIT_SUCCESS : EXIT_FAILURE);
}

int ipc_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/ipc", (int)init);
	_cleanup_criu_ipc_ struct criu_ipc ipc = {0};
	_cleanup_close_ int namespace = -1;
	pid_t pid;

	(void)reterr;
	criu_ipc_read(r->image->dirfd, &ipc);
	if (ipc.n_queues == 0 && ipc.n_removed == 0 && ipc.n_locked == 0)
		return 0;
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	pid = namespace < 0 ? -1 : fork_quietly();
	if (pid == 0)
		mend(&ipc, namespace);
	if (pid < 0 || wait_status(pid) != 0)
		log_at(LOG_LEVEL_WARN,
		       "The container's message queues and shared memory (System V) "
		       "are not all as they were");
	return 0;
}
