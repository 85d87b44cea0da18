/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The part of CRIU's image that is about connections whose peer has closed its side. The monitor
 * reads it while CRIU restores, as root of the host; the rest is pure.
 */
#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/param.h>
#include <sys/socket.h>

#include "criu/image_names.h"
#include "criu/image_sockets.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILE_TYPE   1 /* of an entry in files.img */
#define FILE_INET   4
#define TYPE_INET   4
#define INET_INODE  2 /* of FILE_INET */
#define INET_FAMILY 3
#define INET_PROTO  5
#define INET_STATE  6

#define STREAM_IN_SEQ	 2 /* of a tcp-stream-*.img */
#define STREAM_SND_SCALE 6
#define STREAM_SND_WND	 14
#define STREAM_RCV_WND	 16
#define STREAM_RCV_WUP	 17

#define SCALE_MAX  14
#define WINDOW_MAX 65535
#define IMAGE_MAX  (64 * 1024 * 1024)

static bool read_socket(struct bytes inet, struct half_closed *ret)
{
	uint64_t family = 0, protocol = 0, state = 0;
	struct field f = {0};

	*ret = (struct half_closed){0};
	while (take_field(&inet, &f)) {
		if (f.number == INET_INODE)
			ret->inode = (uint32_t)f.value;
		else if (f.number == INET_FAMILY)
			family = f.value;
		else if (f.number == INET_PROTO)
			protocol = f.value;
		else if (f.number == INET_STATE)
			state = f.value;
	}
	ret->ipv6 = family == AF_INET6;
	return protocol == IPPROTO_TCP &&
	       (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING);
}

size_t criu_sockets_half_closed(const void *files, size_t len, struct half_closed **ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len}, entry;
	size_t n = 0;

	*ret = NULL;
	if (!take_magic(&image, MAGIC_FILES))
		return 0;
	while (take_entry(&image, &entry)) {
		struct bytes inet = {0};
		struct half_closed found;
		struct field f = {0};
		uint64_t type = 0;

		while (take_field(&entry, &f)) {
			if (f.number == FILE_TYPE)
				type = f.value;
			else if (f.number == FILE_INET)
				inet = f.bytes;
		}
		if (type == TYPE_INET && read_socket(inet, &found))
			*ARRAY_ADD(*ret, n) = found;
	}
	return n;
}

/* Returns the window field of a segment; the receiver shifts it to the left. */
static uint64_t in_segment(uint64_t window, uint64_t scale)
{
	uint64_t w = scale <= SCALE_MAX ? window >> scale : window;

	return MIN(w == 0 && window > 0 ? 1 : w, WINDOW_MAX);
}

bool criu_sockets_mend_window(void *stream, size_t len)
{
	struct bytes image = {stream, len}, entry;
	uint64_t scale = 0, wanted, unsaid;
	struct field f = {0}, sent = {0}, received = {0}, sequence = {0}, said = {0};

	if (!take_magic(&image, MAGIC_STREAM) || !take_entry(&image, &entry))
		return false;
	while (take_field(&entry, &f)) {
		if (f.number == STREAM_SND_SCALE)
			scale = f.value;
		else if (f.number == STREAM_SND_WND)
			sent = f;
		else if (f.number == STREAM_RCV_WND)
			received = f;
		else if (f.number == STREAM_IN_SEQ)
			sequence = f;
		else if (f.number == STREAM_RCV_WUP)
			said = f;
	}
	if (!sent.number || !received.number || !sequence.number || !said.number)
		return false;
	wanted = in_segment(sent.value, scale);
	/* CRIU makes it the receive window too, and the FIN has to be in that */
	unsaid = (uint32_t)(sequence.value - said.value);
	if (unsaid >= received.value)
		return false;
	wanted = MAX(wanted, unsaid + 1);
	return wanted <= WINDOW_MAX && wanted != received.value &&
	       replace_number(received.bytes, wanted);
}

/* An unreadable image counts as empty: CRIU may write a form that is not known here. */
static size_t read_half_closed(int dirfd, struct half_closed **ret)
{
	_cleanup_free_ char *files = NULL;
	ssize_t len = read_file_at(dirfd, CRIU_FILES, IMAGE_MAX, &files);

	*ret = NULL;
	return len > 0 ? criu_sockets_half_closed(files, (size_t)len, ret) : 0;
}

bool criu_sockets_closed_by_peer(int dirfd, bool *ret_ipv6)
{
	_cleanup_free_ struct half_closed *closed = NULL;
	size_t n = read_half_closed(dirfd, &closed);

	*ret_ipv6 = false;
	for (size_t i = 0; i < n; i++)
		*ret_ipv6 = *ret_ipv6 || closed[i].ipv6;
	return n > 0;
}
