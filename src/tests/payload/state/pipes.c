/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/ioctl.h>

#include "state.h"

static int ends[2];

static void set_pipe(void)
{
	TRY(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	TRY(write(ends[1], "unread", 6));
}

static void verify_pipe(void)
{
	char text[16] = "";

	if (read(ends[0], text, sizeof(text) - 1) < 0)
		complain("it cannot be read: %s", strerror(errno));
	same_text("the content", "unread", text);
	same("O_NONBLOCK", O_NONBLOCK, fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	if (write(ends[1], "unread", 6) != 6)
		complain("it cannot be written: %s", strerror(errno));
}

/* To the last byte. */
static char block[4096];
static long room;

static void fill(void)
{
	long n;

	for (room = 0; (n = write(ends[1], block, sizeof(block))) > 0; room += n)
		memset(block, (int)(room / 4096), sizeof(block));
}

static void set_full(void)
{
	TRY(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	TRY(fcntl(ends[1], F_SETPIPE_SZ, 256 * 1024));
	fill();
}

static void verify_full(void)
{
	long wanted = room, n, found = 0;

	same("its size", 256 * 1024, fcntl(ends[0], F_GETPIPE_SZ));
	same("writing", -1, write(ends[1], "x", 1));
	while ((n = read(ends[0], block, sizeof(block))) > 0)
		found += n;
	same("what was in it", wanted, found);
	fill();
	same("what goes into it", wanted, room);
}

static void write_packets(void)
{
	if (write(ends[1], "one", 3) != 3 || write(ends[1], "three", 5) != 5)
		complain("it cannot be written: %s", strerror(errno));
}

static void set_packets(void)
{
	TRY(pipe2(ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT));
	write_packets();
}

static void verify_packets(void)
{
	char text[64] = "";
	long n;

	same("O_DIRECT", O_DIRECT, fcntl(ends[1], F_GETFL) & O_DIRECT);
	same("the first packet's length", 3, read(ends[0], text, sizeof(text)));
	same("the second's", 5, read(ends[0], text, sizeof(text)));
	while ((n = read(ends[0], text, sizeof(text))) > 0)
		complain("there is one more, of %ld", n);
	write_packets();
}

/* One end is closed. */
static void set_closed(void)
{
	set_pipe();
	close(ends[1]);
}

static void verify_closed(void)
{
	char text[16] = "";

	same("FIONREAD", 0, ioctl(ends[0], FIONREAD, &room));
	same("what is to be read", 6, (int)room);
	if (room != 6)
		return;
	same("reading", 6, read(ends[0], text, sizeof(text)));
	same_text("the content", "unread", text);
	same("reading at the end", 0, read(ends[0], text, sizeof(text)));
	close(ends[0]);
	set_closed();
}

static void set_broken(void)
{
	TRY(pipe2(ends, O_CLOEXEC));
	close(ends[0]);
}

static void verify_broken(void)
{
	same("writing", -1, write(ends[1], "x", 1));
	same("the error", EPIPE, errno);
}

const struct kind pipe_kinds[] = {
	{"pipe", set_pipe, verify_pipe, NULL},
	{"pipe-full", set_full, verify_full, NULL},
	{"pipe-packets", set_packets, verify_packets, NULL},
	{"pipe-no-writer", set_closed, verify_closed, NULL},
	{"pipe-no-reader", set_broken, verify_broken, NULL},
	{0},
};
