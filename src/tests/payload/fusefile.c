/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A filesystem of the host's with one file "file" of 5000 bytes: `fusefile WHERE [WORD]...`, in the
 * foreground. Its time is that of the last write that has come here. WORDs: "writeback", the kernel
 * keeps what is written, and the time, until it is to be flushed; "cache", what the kernel
 * knows of the file is good for an hour; "flush", a file that was written gets its time when it is
 * flushed, as where it is sent elsewhere only then. SIGUSR1: it is another file by now, of the same
 * size.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILE_NODE 2
#define ROOM	  65536

static char content[ROOM];
static uint64_t size = 5000;
static struct timespec changed;
static bool writeback, cache, at_flush, written;
static int device;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void change(int signal)
{
	(void)signal;
	clock_gettime(CLOCK_REALTIME, &changed);
}

static void answer(uint64_t unique, int error, const void *data, size_t len)
{
	struct fuse_out_header head = {(uint32_t)(sizeof(head) + len), -error, unique};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, len}};

	if (writev(device, parts, len ? 2 : 1) < 0 && errno != ENOENT)
		fail("answer");
}

static struct fuse_attr attr_of(uint64_t node)
{
	bool file = node == FILE_NODE;

	return (struct fuse_attr){
		.ino = node,
		.size = file ? size : 0,
		.mtime = (uint64_t)changed.tv_sec,
		.mtimensec = (uint32_t)changed.tv_nsec,
		.mode = file ? S_IFREG | 0644 : S_IFDIR | 0755,
		.nlink = file ? 1 : 2,
		.blksize = 4096,
	};
}

static void start(uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = in->max_readahead,
		.flags = FUSE_BIG_WRITES | (writeback ? FUSE_WRITEBACK_CACHE : 0),
		.max_background = 16,
		.congestion_threshold = 12,
		.max_write = ROOM,
		.time_gran = 1,
	};

	answer(unique, 0, &out, sizeof(out));
}

static void look_up(uint64_t unique, const char *name)
{
	struct fuse_entry_out out = {
		.nodeid = FILE_NODE,
		.entry_valid = cache ? 3600 : 1,
		.attr_valid = cache ? 3600 : 0,
		.attr = attr_of(FILE_NODE),
	};

	if (strcmp(name, "file") == 0)
		answer(unique, 0, &out, sizeof(out));
	else
		answer(unique, ENOENT, NULL, 0);
}

static void tell_attr(uint64_t unique, uint64_t node)
{
	struct fuse_attr_out out = {.attr_valid = cache ? 3600 : 0, .attr = attr_of(node)};

	answer(unique, 0, &out, sizeof(out));
}

static void set_attr(uint64_t unique, uint64_t node, const struct fuse_setattr_in *in)
{
	if (in->valid & FATTR_SIZE && in->size <= ROOM)
		size = in->size;
	if (in->valid & FATTR_MTIME) {
		changed.tv_sec = (time_t)in->mtime;
		changed.tv_nsec = in->mtimensec;
	}
	tell_attr(unique, node);
}

static void read_file(uint64_t unique, const struct fuse_read_in *in)
{
	size_t rest = in->offset < size ? size - in->offset : 0;

	answer(unique, 0, content + (rest ? in->offset : 0), rest < in->size ? rest : in->size);
}

static void write_file(uint64_t unique, const struct fuse_write_in *in)
{
	struct fuse_write_out out = {.size = in->size};

	if (in->offset + in->size > ROOM) {
		answer(unique, ENOSPC, NULL, 0);
		return;
	}
	memcpy(content + in->offset, in + 1, in->size);
	if (in->offset + in->size > size)
		size = in->offset + in->size;
	/* the kernel says the time itself where it keeps what is written */
	if (!writeback)
		change(0);
	written = true;
	answer(unique, 0, &out, sizeof(out));
}

static void flush(uint64_t unique)
{
	if (at_flush && written)
		change(0);
	written = false;
	answer(unique, 0, NULL, 0);
}

static void serve(const struct fuse_in_header *h)
{
	const struct fuse_open_out opened = {.fh = 1};
	const struct fuse_statfs_out fs = {.st = {.bsize = 4096, .namelen = 255}};

	switch (h->opcode) {
	case FUSE_INIT:
		start(h->unique, (const void *)(h + 1));
		break;
	case FUSE_LOOKUP:
		look_up(h->unique, (const void *)(h + 1));
		break;
	case FUSE_GETATTR:
		tell_attr(h->unique, h->nodeid);
		break;
	case FUSE_SETATTR:
		set_attr(h->unique, h->nodeid, (const void *)(h + 1));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(h->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		read_file(h->unique, (const void *)(h + 1));
		break;
	case FUSE_WRITE:
		write_file(h->unique, (const void *)(h + 1));
		break;
	case FUSE_STATFS:
		answer(h->unique, 0, &fs, sizeof(fs));
		break;
	case FUSE_FLUSH:
		flush(h->unique);
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FSYNC:
		answer(h->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(h->unique, ENOSYS, NULL, 0);
	}
}

int main(int argc, char *argv[])
{
	static _Alignas(8) char request[ROOM + 4096];
	char options[100];
	ssize_t n;

	for (int i = 2; i < argc; i++) {
		writeback |= strcmp(argv[i], "writeback") == 0;
		cache |= strcmp(argv[i], "cache") == 0;
		at_flush |= strcmp(argv[i], "flush") == 0;
	}
	signal(SIGUSR1, change);
	change(0);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (argc < 2 || device < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other",
		 device);
	if (mount("fusefile", argv[1], "fuse.fusefile", 0, options) < 0)
		fail("mount");
	while ((n = read(device, request, sizeof(request))) > 0 || errno == EINTR ||
	       errno == ENOENT)
		if (n > 0)
			serve((const void *)request);
	return 0;
}
