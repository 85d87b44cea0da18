/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the socket that listens on an abstract name. Runs in the command, as root in the host's
 * network namespace. The kernel answers exactly by unix_diag, which may be a module that is missing
 * or forbidden; else by a table for people, in which anybody can fake lines with names of sockets.
 */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inspect/listener.h"
#include "util/fd.h"
#include "util/mem.h"

#define DIAG_SIZE     32768
#define DIAG_PATIENCE 5

#define FLAG_LISTENS 0x10000 /* of the table's flags */

/* 0: the message is for another request. */
static uint32_t inode_of(struct nlmsghdr *h, const char *name, size_t len)
{
	struct unix_diag_msg *m = NLMSG_DATA(h);
	struct rtattr *a = (struct rtattr *)(void *)(m + 1);
	int left = (int)h->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*m));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == UNIX_DIAG_NAME && RTA_PAYLOAD(a) == len &&
		    memcmp(RTA_DATA(a), name, len) == 0)
			return m->udiag_ino;
	return 0;
}

/* 1: found, or the end of the answer; 0: read more; -errno: unknown. */
static int find_in_answer(void *answer, size_t size, const char *name, size_t len, uint32_t *ret)
{
	for (struct nlmsghdr *h = answer; NLMSG_OK(h, size) && *ret == 0; h = NLMSG_NEXT(h, size)) {
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EOPNOTSUPP;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		*ret = inode_of(h, name, len);
	}
	return *ret != 0;
}

/* *ret is 0 if nobody listens there. Returns 0 or -errno. */
static int ask_diag(const char *name, size_t len, uint32_t *ret)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {.nlmsg_len = sizeof(question),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = 1U << TCP_LISTEN,
			    .udiag_show = UDIAG_SHOW_NAME},
	};
	static const struct timeval patience = {.tv_sec = DIAG_PATIENCE};
	_cleanup_free_ char *answer = xcalloc(1, DIAG_SIZE);
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int r = 0;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    send(fd, &question, sizeof(question), 0) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = recv(fd, answer, DIAG_SIZE, 0);

		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		r = find_in_answer(answer, (size_t)n, name, len, ret);
	}
	return r < 0 ? r : 0;
}

/*
 * Parses the number at the start of a text into *ret; returns the text after it and a space, or
 * NULL.
 */
static const char *take_number(const char *text, int base, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = text ? strtoul(text, &end, base) : 0;
	return text && end != text && errno == 0 && *end == ' ' ? end + 1 : NULL;
}

uint32_t listener_of_line(const char *line, size_t size, const char *name, size_t len)
{
	unsigned long flags, ignored, inode;
	const char *at = strchr(line, ' ');

	/* "00000000: 00000002 00000000 00010000 0001 01 31415 @name", with NULs as @ */
	at = at ? take_number(at + 1, 16, &ignored) : NULL;
	at = take_number(at, 16, &ignored);
	at = take_number(at, 16, &flags);
	at = take_number(at, 16, &ignored);
	at = take_number(at, 16, &ignored);
	at = take_number(at, 10, &inode);
	if (!at || !(flags & FLAG_LISTENS) || inode > UINT32_MAX)
		return 0;
	at += strspn(at, " ");
	if ((size_t)(line + size - at) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (at[i] != (name[i] ? name[i] : '@'))
			return 0;
	return (uint32_t)inode;
}

/* If two lines claim the name, neither is believed. */
static uint32_t ask_table(const char *name, size_t len)
{
	FILE *f = fopen("/proc/net/unix", "re");
	uint32_t found = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while (f && (n = getline(&line, &room, f)) > 0) {
		uint32_t inode;

		n -= line[n - 1] == '\n';
		line[n] = '\0';
		inode = listener_of_line(line, (size_t)n, name, len);
		if (inode && found && inode != found) {
			found = 0;
			break;
		}
		found = inode ? inode : found;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

uint32_t listener_inode(const char *name, size_t len)
{
	uint32_t inode = 0;

	return ask_diag(name, len, &inode) == 0 ? inode : ask_table(name, len);
}
