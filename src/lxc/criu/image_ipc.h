/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_IPC_H
#define LXCCKPT_CRIU_IMAGE_IPC_H

/* The System V IPC objects in CRIU's image. CRIU saves all that is here, and restores a part. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ipc_queue {
	int id;
	uint64_t limit;	  /* msg_qbytes */
	uint64_t bytes;	  /* in its messages */
	uint64_t longest; /* of its messages */
};

struct criu_ipc {
	struct ipc_queue *queues;
	size_t n_queues;
	int *removed; /* segments of shared memory that last as long as they are attached */
	size_t n_removed;
	int *locked; /* segments of shared memory that are not swapped out (SHM_LOCK) */
	size_t n_locked;
	uint64_t queue_limit; /* of a new queue (kernel.msgmnb); 0: not known */
};

/* CRIU restores no message that is longer. */
#define CRIU_MESSAGE_MAX 8192

/* Reads an image directory. Leaves out objects of a form that this project does not know. */
void criu_ipc_read(int dirfd, struct criu_ipc *ret);
void criu_ipc_clear(struct criu_ipc *ipc);
#define _cleanup_criu_ipc_ __attribute__((cleanup(criu_ipc_clear)))

/* The queue that CRIU cannot fill again; NULL: there is none. */
const struct ipc_queue *criu_ipc_overfull(const struct criu_ipc *ipc);

/* The parts, pure: each adds what is in the text of one ipcns-*.img. */
void criu_ipc_add_queues(struct criu_ipc *ipc, const void *text, size_t len);
void criu_ipc_add_segments(struct criu_ipc *ipc, const void *text, size_t len);
void criu_ipc_add_settings(struct criu_ipc *ipc, const void *text, size_t len);

#endif
