/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Binds the container's command socket and connects to it. Runs in the monitor and in the command,
 * in the host's network namespace; anybody may take the name of a socket that is free.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/frame.h"
#include "util/fd.h"
#include "util/mem.h"

#define LISTEN_BACKLOG 100
#define CONNECT_S      5

_Static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) == SOCKET_NAME_BYTES, "sun_path");

uint64_t fnv1a_64(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++) {
		hash ^= (unsigned char)*text;
		hash *= UINT64_C(0x100000001b3);
	}
	return hash;
}

size_t command_socket_name(const char *lxcpath, const char *name,
			   char buf[static SOCKET_NAME_BYTES])
{
	_cleanup_free_ char *text = xasprintf("%s/%s/command", lxcpath, name);
	size_t len = strlen(text);

	/* LXC's own limit is one byte less than the kernel's: both ends must hash alike. */
	if (len > SOCKET_NAME_BYTES - 3) {
		_cleanup_free_ char *path = xasprintf("%s/%s", lxcpath, name);

		free(text);
		text = xasprintf("lxc/%016" PRIx64 "/command", fnv1a_64(path));
		len = strlen(text);
	}
	buf[0] = '\0';
	memcpy(buf + 1, text, len);
	return len + 1;
}

/*
 * The credentials of the process that began to listen, which may have exited since: its PID is
 * useless.
 */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

int command_socket_connect(const char *lxcpath, const char *name, int patience_s)
{
	const bool waits = patience_s >= 0;
	const struct timeval patience = {.tv_sec = waits ? patience_s : 0};
	/* without accept(), the queue fills up */
	const struct timeval connecting = {
		.tv_sec = patience_s > 0 && patience_s < CONNECT_S ? patience_s : CONNECT_S};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    command_socket_name(lxcpath, name, addr.sun_path));

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &connecting, sizeof(connecting)) < 0 ||
	    connect(fd, (struct sockaddr *)&addr, len) < 0)
		return -errno;
	return is_trusted(fd) ? TAKE_FD(fd) : -EPERM;
}

int command_socket_bind(const char *lxcpath, const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	socklen_t len;
	int on = 1;

	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  command_socket_name(lxcpath, name, addr.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/*
	 * Kernels since 6.16 pass this on to accepted sockets, so that nothing that a client sends
	 * between accept() and our setsockopt() lacks a sender.
	 */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, len) < 0)
		return -errno;
	if (listen(fd, LISTEN_BACKLOG) < 0)
		return -errno;
	return TAKE_FD(fd);
}
