/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists the TCP connections of a network namespace. Runs in the command, as root of the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/netns.h"
#include "sys/rtnl.h"
#include "sys/scout_sockets.h"
#include "sys/tcp_sockets.h"
#include "util/fd.h"
#include "util/mem.h"

#define STATE(s) (1U << (s))
#define STATES                                                                                     \
	(STATE(TCP_ESTABLISHED) | STATE(TCP_SYN_SENT) | STATE(TCP_SYN_RECV) |                      \
	 STATE(TCP_FIN_WAIT1) | STATE(TCP_FIN_WAIT2) | STATE(TCP_CLOSE_WAIT) |                     \
	 STATE(TCP_LAST_ACK) | STATE(TCP_CLOSING))

#define SOCKSTAT_MAX 4096

struct list {
	struct tcp_socket *v;
	size_t n;
};

static struct in6_addr address(unsigned char family, const void *data)
{
	struct in6_addr a = {0};

	if (family == AF_INET6) {
		memcpy(&a, data, sizeof(a));
	} else {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(&a.s6_addr[12], data, 4);
	}
	return a;
}

static void add(const struct nlmsghdr *h, void *userdata)
{
	struct list *l = userdata;
	struct inet_diag_msg m;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(m)))
		return;
	memcpy(&m, (const char *)h + NLMSG_HDRLEN, sizeof(m));
	*ARRAY_ADD(l->v, l->n) = (struct tcp_socket){
		.local = address(m.idiag_family, m.id.idiag_src),
		.remote = address(m.idiag_family, m.id.idiag_dst),
		.local_port = m.id.idiag_sport,
		.remote_port = m.id.idiag_dport,
		.inode = m.idiag_inode,
		.layered = rtnl_attribute(h, sizeof(m), INET_DIAG_ULP_INFO, 0) != NULL,
	};
}

static struct inet_diag_req_v2 request_for(unsigned char family)
{
	return (struct inet_diag_req_v2){
		.sdiag_family = family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = STATES,
	};
}

static int list_family(int sock, unsigned char family, struct list *l)
{
	const struct inet_diag_req_v2 request = request_for(family);

	return rtnl_list(sock, SOCK_DIAG_BY_FAMILY, &request, sizeof(request), add, l);
}

static int list_layers(struct scout *s, pid_t pid, unsigned char family, struct list *l)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} ask = {
		.header = {.nlmsg_len = sizeof(ask),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = request_for(family),
	};

	/* the kernel tells INET_DIAG_ULP_INFO only with this, for which it takes each socket's lock
	 */
	ask.request.idiag_ext = 1U << (INET_DIAG_INFO - 1);
	return scout_netlink(s, pid, NETLINK_SOCK_DIAG, &ask, sizeof(ask), add, l);
}

/* A connection that came or went meanwhile counts as one that came later or went earlier. */
static int settled(int e)
{
	return e == -EINTR ? 0 : e;
}

bool tcp_sockets_none(const char *sockstat, const char *sockstat6)
{
	return strstr(sockstat, "\nTCP: inuse 0 ") && strstr(sockstat, " tw 0 alloc ") &&
	       strstr(sockstat6, "TCP6: inuse 0\n");
}

static ssize_t read_counts(pid_t pid, const char *name, char **ret)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/net/%s", (int)pid, name);

	return read_file_at(AT_FDCWD, path, SOCKSTAT_MAX, ret);
}

/* The kernel counts sockets, and walks through the table of the whole machine to list them. */
static bool has_none(pid_t pid)
{
	_cleanup_free_ char *sockstat = NULL;
	_cleanup_free_ char *sockstat6 = NULL;

	return read_counts(pid, "sockstat", &sockstat) > 0 &&
	       read_counts(pid, "sockstat6", &sockstat6) > 0 &&
	       tcp_sockets_none(sockstat, sockstat6);
}

static int give(int e, struct list *l, struct tcp_socket **ret, size_t *ret_n)
{
	if (e < 0) {
		free(l->v);
		*l = (struct list){0};
	}
	*ret = l->v;
	*ret_n = l->n;
	return e;
}

int tcp_sockets_list(pid_t pid, struct tcp_socket **ret, size_t *ret_n)
{
	_cleanup_close_ int sock = -1;
	struct list l = {0};
	int e = 0;

	if (!has_none(pid)) {
		sock = netns_netlink_socket(pid, NETLINK_SOCK_DIAG);
		e = sock < 0 ? sock : settled(list_family(sock, AF_INET, &l));
		if (e == 0)
			e = settled(list_family(sock, AF_INET6, &l));
	}
	return give(e, &l, ret, ret_n);
}

int tcp_sockets_list_layers(struct scout *s, pid_t pid, struct tcp_socket **ret, size_t *ret_n)
{
	struct list l = {0};
	int e = 0;

	if (!has_none(pid)) {
		e = settled(list_layers(s, pid, AF_INET, &l));
		if (e == 0)
			e = settled(list_layers(s, pid, AF_INET6, &l));
	}
	return give(e, &l, ret, ret_n);
}
