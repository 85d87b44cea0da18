/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the part of CRIU's image that is about System V IPC. Runs in the command at post-dump and
 * in the monitor, as root in the host's namespaces; the rest is pure.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/param.h>
#include <sys/shm.h>

#include "criu/image_edit.h"
#include "criu/image_ipc.h"
#include "criu/image_names.h"
#include "criu/protobuf.h"
#include "util/mapped.h"
#include "util/mem.h"

#define OBJECT_DESC 1 /* of a queue or a segment */
#define DESC_MODE   6
#define DESC_ID	    7

#define QUEUE_LIMIT  2
#define QUEUE_LENGTH 3 /* in messages, which follow */
#define MESSAGE_SIZE 2

#define SEGMENT_ELSEWHERE 3 /* its contents are in another file */

#define SETTINGS_QUEUE_LIMIT 3

#define WORD 8 /* the text of a message is filled up to whole ones */

struct object {
	uint64_t id, mode;
};

static bool read_object(struct bytes entry, struct object *ret)
{
	struct field f = {0}, desc = {0};

	*ret = (struct object){0};
	while (take_field(&entry, &f))
		if (f.number == OBJECT_DESC)
			desc = f;
	while (take_field(&desc.bytes, &f)) {
		if (f.number == DESC_ID)
			ret->id = f.value;
		else if (f.number == DESC_MODE)
			ret->mode = f.value;
	}
	return desc.number == OBJECT_DESC && ret->id <= INT32_MAX;
}

static uint64_t number_of(struct bytes entry, unsigned int number)
{
	struct field f = {0};
	uint64_t value = 0;

	while (take_field(&entry, &f))
		if (f.number == number)
			value = f.value;
	return value;
}

/* Takes the messages of a queue, whose texts stand between the entries. */
static bool take_messages(struct bytes *image, uint64_t n, struct ipc_queue *queue)
{
	struct bytes entry;

	for (; n > 0; n--) {
		uint64_t size, filled;

		if (!take_entry(image, &entry))
			return false;
		size = number_of(entry, MESSAGE_SIZE);
		filled = (size + WORD - 1) / WORD * WORD;
		if (size > image->len || filled > image->len)
			return false;
		image->p += filled;
		image->len -= filled;
		queue->bytes += size;
		queue->longest = MAX(queue->longest, size);
	}
	return true;
}

void criu_ipc_add_queues(struct criu_ipc *ipc, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_IPC_MESSAGES))
		return;
	while (take_entry(&image, &entry)) {
		struct ipc_queue queue = {.limit = number_of(entry, QUEUE_LIMIT)};
		struct object object;

		if (!read_object(entry, &object) ||
		    !take_messages(&image, number_of(entry, QUEUE_LENGTH), &queue))
			return;
		queue.id = (int)object.id;
		*ARRAY_ADD(ipc->queues, ipc->n_queues) = queue;
	}
}

void criu_ipc_add_segments(struct criu_ipc *ipc, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (!take_magic(&image, MAGIC_IPC_SEGMENTS))
		return;
	while (take_entry(&image, &entry)) {
		struct object object;

		if (!read_object(entry, &object) || !number_of(entry, SEGMENT_ELSEWHERE))
			return;
		if (object.mode & SHM_DEST)
			*ARRAY_ADD(ipc->removed, ipc->n_removed) = (int)object.id;
		if (object.mode & SHM_LOCKED)
			*ARRAY_ADD(ipc->locked, ipc->n_locked) = (int)object.id;
	}
}

void criu_ipc_add_settings(struct criu_ipc *ipc, const void *text, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)text, len}, entry;

	if (take_magic(&image, MAGIC_IPC_SETTINGS) && take_entry(&image, &entry))
		ipc->queue_limit = number_of(entry, SETTINGS_QUEUE_LIMIT);
}

const struct ipc_queue *criu_ipc_overfull(const struct criu_ipc *ipc)
{
	for (size_t i = 0; i < ipc->n_queues; i++)
		if (ipc->queues[i].longest > CRIU_MESSAGE_MAX ||
		    (ipc->queue_limit && ipc->queues[i].bytes > ipc->queue_limit))
			return &ipc->queues[i];
	return NULL;
}

/* --- the files --- */

static const struct {
	const char *prefix;
	void (*add)(struct criu_ipc *ipc, const void *text, size_t len);
} files[] = {
	{CRIU_IPC_MESSAGES_PREFIX, criu_ipc_add_queues},
	{CRIU_IPC_SEGMENTS_PREFIX, criu_ipc_add_segments},
	{CRIU_IPC_SETTINGS_PREFIX, criu_ipc_add_settings},
};

struct reading {
	struct criu_ipc *ipc;
	size_t file;
};

static int read_one(int dirfd, const char *name, void *userdata)
{
	struct reading *r = userdata;
	/* the messages of all queues can be larger than what is worth a copy */
	_cleanup_mapped_ struct mapped image = map_file(dirfd, name);

	if (image.p)
		files[r->file].add(r->ipc, image.p, image.len);
	return 0;
}

void criu_ipc_read(int dirfd, struct criu_ipc *ret)
{
	struct reading r = {.ipc = ret};

	*ret = (struct criu_ipc){0};
	for (; r.file < sizeof(files) / sizeof(files[0]); r.file++)
		each_image(dirfd, files[r.file].prefix, read_one, &r);
}

void criu_ipc_clear(struct criu_ipc *ipc)
{
	free(ipc->queues);
	free(ipc->removed);
	free(ipc->locked);
	*ipc = (struct criu_ipc){0};
}
