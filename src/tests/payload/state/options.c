/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every option of every kind of socket that this kernel has, with another value than a new socket
 * has; multicast memberships; and sockets that several processes share.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "state.h"

#define VALUE_MAX   24
#define OPTIONS_MAX 128
#define LO	    1

/* Numbers, because C libraries have only some of the names. */
static const struct option {
	const char *name;
	int level, option, value;
	unsigned char len, bytes[VALUE_MAX]; /* where it is no int */
} options[] = {
	{"SO_DEBUG", SOL_SOCKET, 1, 1, 0, {0}},
	{"SO_PRIORITY", SOL_SOCKET, 12, 5, 0, {0}},
	{"SO_RXQ_OVFL", SOL_SOCKET, 40, 1, 0, {0}},
	{"SO_WIFI_STATUS", SOL_SOCKET, 41, 1, 0, {0}},
	{"SO_PEEK_OFF", SOL_SOCKET, 42, 3, 0, {0}},
	{"SO_NOFCS", SOL_SOCKET, 43, 1, 0, {0}},
	{"SO_SELECT_ERR_QUEUE", SOL_SOCKET, 45, 1, 0, {0}},
	{"SO_BUSY_POLL", SOL_SOCKET, 46, 55, 0, {0}},
	{"SO_MAX_PACING_RATE", SOL_SOCKET, 47, 0, 8, {0x40, 0x42, 0x0f}},
	{"SO_INCOMING_CPU", SOL_SOCKET, 49, 0, 0, {0}},
	{"SO_ZEROCOPY", SOL_SOCKET, 60, 1, 0, {0}},
	{"SO_TXTIME", SOL_SOCKET, 61, 0, 8, {1}},
	{"SO_PREFER_BUSY_POLL", SOL_SOCKET, 69, 1, 0, {0}},
	{"SO_RESERVE_MEM", SOL_SOCKET, 73, 4096, 0, {0}},
	{"SO_TXREHASH", SOL_SOCKET, 74, 0, 0, {0}},
	{"SO_RCVMARK", SOL_SOCKET, 75, 1, 0, {0}},
	{"SO_PASSPIDFD", SOL_SOCKET, 76, 1, 0, {0}},
	{"SO_RCVPRIORITY", SOL_SOCKET, 82, 1, 0, {0}},
	{"SO_PASSRIGHTS", SOL_SOCKET, 83, 0, 0, {0}},
	{"SO_INQ", SOL_SOCKET, 84, 1, 0, {0}},
	{"IP_TTL", IPPROTO_IP, 2, 33, 0, {0}},
	{"IP_OPTIONS", IPPROTO_IP, 4, 0, 4, {1, 1, 1, 0}},
	{"IP_RECVOPTS", IPPROTO_IP, 6, 1, 0, {0}},
	{"IP_RETOPTS", IPPROTO_IP, 7, 1, 0, {0}},
	{"IP_PKTINFO", IPPROTO_IP, 8, 1, 0, {0}},
	{"IP_MTU_DISCOVER", IPPROTO_IP, 10, 3, 0, {0}},
	{"IP_RECVERR", IPPROTO_IP, 11, 1, 0, {0}},
	{"IP_RECVTTL", IPPROTO_IP, 12, 1, 0, {0}},
	{"IP_RECVTOS", IPPROTO_IP, 13, 1, 0, {0}},
	{"IP_FREEBIND", IPPROTO_IP, 15, 1, 0, {0}},
	{"IP_PASSSEC", IPPROTO_IP, 18, 1, 0, {0}},
	{"IP_TRANSPARENT", IPPROTO_IP, 19, 1, 0, {0}},
	{"IP_RECVORIGDSTADDR", IPPROTO_IP, 20, 1, 0, {0}},
	{"IP_MINTTL", IPPROTO_IP, 21, 2, 0, {0}},
	{"IP_NODEFRAG", IPPROTO_IP, 22, 1, 0, {0}},
	{"IP_CHECKSUM", IPPROTO_IP, 23, 1, 0, {0}},
	{"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, 24, 1, 0, {0}},
	{"IP_RECVFRAGSIZE", IPPROTO_IP, 25, 1, 0, {0}},
	{"IP_RECVERR_RFC4884", IPPROTO_IP, 26, 1, 0, {0}},
	{"IP_MULTICAST_IF", IPPROTO_IP, 32, 0, 4, {127, 0, 0, 1}},
	{"IP_MULTICAST_TTL", IPPROTO_IP, 33, 7, 0, {0}},
	{"IP_MULTICAST_LOOP", IPPROTO_IP, 34, 0, 0, {0}},
	{"IP_MULTICAST_ALL", IPPROTO_IP, 49, 0, 0, {0}},
	{"IP_UNICAST_IF", IPPROTO_IP, 50, LO << 24, 0, {0}},
	{"IP_LOCAL_PORT_RANGE", IPPROTO_IP, 51, 50000 << 16 | 40000, 0, {0}},
	{"IPV6_2292PKTINFO", IPPROTO_IPV6, 2, 1, 0, {0}},
	{"IPV6_2292HOPOPTS", IPPROTO_IPV6, 3, 1, 0, {0}},
	{"IPV6_2292DSTOPTS", IPPROTO_IPV6, 4, 1, 0, {0}},
	{"IPV6_2292RTHDR", IPPROTO_IPV6, 5, 1, 0, {0}},
	{"IPV6_CHECKSUM", IPPROTO_IPV6, 7, 2, 0, {0}},
	{"IPV6_2292HOPLIMIT", IPPROTO_IPV6, 8, 1, 0, {0}},
	{"IPV6_FLOWINFO", IPPROTO_IPV6, 11, 1, 0, {0}},
	{"IPV6_UNICAST_HOPS", IPPROTO_IPV6, 16, 44, 0, {0}},
	{"IPV6_MULTICAST_IF", IPPROTO_IPV6, 17, LO, 0, {0}},
	{"IPV6_MULTICAST_HOPS", IPPROTO_IPV6, 18, 9, 0, {0}},
	{"IPV6_MULTICAST_LOOP", IPPROTO_IPV6, 19, 0, 0, {0}},
	{"IPV6_MTU_DISCOVER", IPPROTO_IPV6, 23, 3, 0, {0}},
	{"IPV6_RECVERR", IPPROTO_IPV6, 25, 1, 0, {0}},
	{"IPV6_MULTICAST_ALL", IPPROTO_IPV6, 29, 0, 0, {0}},
	{"IPV6_ROUTER_ALERT_ISOLATE", IPPROTO_IPV6, 30, 1, 0, {0}},
	{"IPV6_RECVERR_RFC4884", IPPROTO_IPV6, 31, 1, 0, {0}},
	{"IPV6_FLOWINFO_SEND", IPPROTO_IPV6, 33, 1, 0, {0}},
	{"IPV6_RECVPKTINFO", IPPROTO_IPV6, 49, 1, 0, {0}},
	{"IPV6_RECVHOPLIMIT", IPPROTO_IPV6, 51, 1, 0, {0}},
	{"IPV6_RECVHOPOPTS", IPPROTO_IPV6, 53, 1, 0, {0}},
	{"IPV6_HOPOPTS", IPPROTO_IPV6, 54, 0, 8, {0, 0, 1, 4}},
	{"IPV6_RECVRTHDR", IPPROTO_IPV6, 56, 1, 0, {0}},
	{"IPV6_RECVDSTOPTS", IPPROTO_IPV6, 58, 1, 0, {0}},
	{"IPV6_DSTOPTS", IPPROTO_IPV6, 59, 0, 8, {0, 0, 1, 4}},
	{"IPV6_RECVPATHMTU", IPPROTO_IPV6, 60, 1, 0, {0}},
	{"IPV6_DONTFRAG", IPPROTO_IPV6, 62, 1, 0, {0}},
	{"IPV6_RECVTCLASS", IPPROTO_IPV6, 66, 1, 0, {0}},
	{"IPV6_TCLASS", IPPROTO_IPV6, 67, 0x20, 0, {0}},
	{"IPV6_AUTOFLOWLABEL", IPPROTO_IPV6, 70, 0, 0, {0}},
	{"IPV6_ADDR_PREFERENCES", IPPROTO_IPV6, 72, 1, 0, {0}},
	{"IPV6_MINHOPCOUNT", IPPROTO_IPV6, 73, 2, 0, {0}},
	{"IPV6_RECVORIGDSTADDR", IPPROTO_IPV6, 74, 1, 0, {0}},
	{"IPV6_TRANSPARENT", IPPROTO_IPV6, 75, 1, 0, {0}},
	{"IPV6_UNICAST_IF", IPPROTO_IPV6, 76, LO << 24, 0, {0}},
	{"IPV6_RECVFRAGSIZE", IPPROTO_IPV6, 77, 1, 0, {0}},
	{"IPV6_FREEBIND", IPPROTO_IPV6, 78, 1, 0, {0}},
	{"TCP_MAXSEG", IPPROTO_TCP, 2, 900, 0, {0}},
	{"TCP_KEEPIDLE", IPPROTO_TCP, 4, 111, 0, {0}},
	{"TCP_KEEPINTVL", IPPROTO_TCP, 5, 22, 0, {0}},
	{"TCP_KEEPCNT", IPPROTO_TCP, 6, 3, 0, {0}},
	{"TCP_SYNCNT", IPPROTO_TCP, 7, 4, 0, {0}},
	{"TCP_LINGER2", IPPROTO_TCP, 8, 17, 0, {0}},
	{"TCP_DEFER_ACCEPT", IPPROTO_TCP, 9, 1, 0, {0}},
	{"TCP_WINDOW_CLAMP", IPPROTO_TCP, 10, 20000, 0, {0}},
	{"TCP_CONGESTION", IPPROTO_TCP, 13, 0, 4, {'r', 'e', 'n', 'o'}},
	{"TCP_THIN_LINEAR_TIMEOUTS", IPPROTO_TCP, 16, 1, 0, {0}},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, 18, 44444, 0, {0}},
	{"TCP_FASTOPEN", IPPROTO_TCP, 23, 5, 0, {0}},
	{"TCP_NOTSENT_LOWAT", IPPROTO_TCP, 25, 16384, 0, {0}},
	{"TCP_SAVE_SYN", IPPROTO_TCP, 27, 1, 0, {0}},
	{"TCP_FASTOPEN_CONNECT", IPPROTO_TCP, 30, 1, 0, {0}},
	{"TCP_FASTOPEN_KEY", IPPROTO_TCP, 33, 0, 16, {1, 2, 3, 4, 5, 6, 7, 8, 9}},
	{"TCP_FASTOPEN_NO_COOKIE", IPPROTO_TCP, 34, 1, 0, {0}},
	{"TCP_INQ", IPPROTO_TCP, 36, 1, 0, {0}},
	{"TCP_TX_DELAY", IPPROTO_TCP, 37, 1000, 0, {0}},
	{"TCP_RTO_MAX_MS", IPPROTO_TCP, 44, 5000, 0, {0}},
	{"TCP_RTO_MIN_US", IPPROTO_TCP, 45, 40000, 0, {0}},
	{"TCP_DELACK_MAX_US", IPPROTO_TCP, 46, 20000, 0, {0}},
	{"UDP_ENCAP", IPPROTO_UDP, 100, 2, 0, {0}},
	{"UDP_NO_CHECK6_TX", IPPROTO_UDP, 101, 1, 0, {0}},
	{"UDP_NO_CHECK6_RX", IPPROTO_UDP, 102, 1, 0, {0}},
	{"UDP_SEGMENT", IPPROTO_UDP, 103, 1000, 0, {0}},
	{"UDP_GRO", IPPROTO_UDP, 104, 1, 0, {0}},
	{"UDPLITE_SEND_CSCOV", IPPROTO_UDPLITE, 10, 12, 0, {0}},
	{"UDPLITE_RECV_CSCOV", IPPROTO_UDPLITE, 11, 10, 0, {0}},
	{"NETLINK_PKTINFO", SOL_NETLINK, 3, 1, 0, {0}},
	{"NETLINK_BROADCAST_ERROR", SOL_NETLINK, 4, 1, 0, {0}},
	{"NETLINK_NO_ENOBUFS", SOL_NETLINK, 5, 1, 0, {0}},
	{"NETLINK_LISTEN_ALL_NSID", SOL_NETLINK, 8, 1, 0, {0}},
	{"NETLINK_CAP_ACK", SOL_NETLINK, 10, 1, 0, {0}},
	{"NETLINK_EXT_ACK", SOL_NETLINK, 11, 1, 0, {0}},
	{"NETLINK_GET_STRICT_CHK", SOL_NETLINK, 12, 1, 0, {0}},
	{"PACKET_AUXDATA", SOL_PACKET, 8, 1, 0, {0}},
	{"PACKET_ORIGDEV", SOL_PACKET, 9, 1, 0, {0}},
	{"PACKET_LOSS", SOL_PACKET, 14, 1, 0, {0}},
	{"PACKET_VNET_HDR", SOL_PACKET, 15, 1, 0, {0}},
	{"PACKET_TIMESTAMP", SOL_PACKET, 17, 1 << 6, 0, {0}},
	{"PACKET_QDISC_BYPASS", SOL_PACKET, 20, 1, 0, {0}},
	{"PACKET_IGNORE_OUTGOING", SOL_PACKET, 23, 1, 0, {0}},
	{"SO_LOCK_FILTER", SOL_SOCKET, 44, 1, 0, {0}},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

/* Of these a socket has at most one. */
static const struct option stamps[] = {
	{"SO_TIMESTAMP_OLD", SOL_SOCKET, 29, 1, 0, {0}},
	{"SO_TIMESTAMPNS_OLD", SOL_SOCKET, 35, 1, 0, {0}},
	{"SO_TIMESTAMP_NEW", SOL_SOCKET, 63, 1, 0, {0}},
	{"SO_TIMESTAMPNS_NEW", SOL_SOCKET, 64, 1, 0, {0}},
	{"SO_TIMESTAMPING_OLD", SOL_SOCKET, 37, 0, 4, {0x18}},
	{"SO_TIMESTAMPING_NEW", SOL_SOCKET, 65, 0, 4, {0x18}},
};

#define N_STAMPS (sizeof(stamps) / sizeof(stamps[0]))

/* What a kind of socket is, and how many options this makes of it at least on any kernel. */
struct socket_of {
	int domain, type, protocol;
	enum { NEW, LISTENING, CONNECTED } state;
	int least;
	const char *without; /* what has no effect on it, between blanks */
};

#define NOT_FRAMES " SO_NOFCS IPV6_ROUTER_ALERT_ISOLATE "
#define NOT_STREAMS                                                                                \
	NOT_FRAMES "SO_RXQ_OVFL SO_WIFI_STATUS SO_TXTIME SO_RCVMARK SO_RCVPRIORITY IP_CHECKSUM "   \
		   "IP_RECVERR_RFC4884 IP_MULTICAST_LOOP IP_MULTICAST_ALL IPV6_MULTICAST_LOOP "    \
		   "IPV6_MULTICAST_ALL IPV6_RECVERR_RFC4884 IPV6_RECVFRAGSIZE IP_RECVFRAGSIZE "
/* these would change what goes over it, or say nothing of it */
#define NOT_CONNECTIONS                                                                            \
	NOT_STREAMS "IP_OPTIONS IPV6_HOPOPTS IPV6_DSTOPTS TCP_MAXSEG TCP_WINDOW_CLAMP "            \
		    "SO_INCOMING_CPU SO_TXREHASH IP_LOCAL_PORT_RANGE TCP_SAVE_SYN "                \
		    "TCP_FASTOPEN_KEY "
#define NOT_PEERS NOT_FRAMES "SO_INCOMING_CPU IP_OPTIONS IPV6_HOPOPTS IPV6_DSTOPTS "
#define NOT_LITE  NOT_FRAMES "UDP_ENCAP UDP_NO_CHECK6_TX UDP_NO_CHECK6_RX UDP_SEGMENT UDP_GRO "
#define NOT_RAW	  " SO_NOFCS SO_INCOMING_CPU "
#define NOT_LOCAL                                                                                  \
	NOT_FRAMES "SO_WIFI_STATUS SO_SELECT_ERR_QUEUE SO_BUSY_POLL SO_MAX_PACING_RATE "           \
		   "SO_INCOMING_CPU SO_TXTIME SO_PREFER_BUSY_POLL SO_RCVMARK SO_RCVPRIORITY "      \
		   "SO_TIMESTAMPING_OLD SO_TIMESTAMPING_NEW "
#define NOT_PACKET " SO_BUSY_POLL SO_INCOMING_CPU SO_PREFER_BUSY_POLL "

static int sockets[N_STAMPS];
static int listening = -1, others[N_STAMPS];
static struct known {
	const struct option *option; /* NULL: it cannot be set here */
	socklen_t len;
	unsigned char bytes[64];
} known[N_STAMPS][OPTIONS_MAX];

static bool set_option(int fd, const struct option *o)
{
	const void *value = o->len ? (const void *)o->bytes : &o->value;

	return setsockopt(fd, o->level, o->option, value, o->len ? o->len : sizeof(int)) == 0;
}

static bool read_option(int fd, const struct option *o, struct known *ret)
{
	ret->len = sizeof(ret->bytes);
	memset(ret->bytes, 0, sizeof(ret->bytes));
	return getsockopt(fd, o->level, o->option, ret->bytes, &ret->len) == 0;
}

static bool has_effect(const struct option *o, const struct socket_of *what)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", o->name);
	return !strstr(what->without, word);
}

/* All that a socket takes and then tells again; how many these are. */
static int set_all(size_t i, const struct socket_of *what)
{
	struct known *k = known[i];
	int n = 0;

	for (size_t o = 0; o <= N_OPTIONS; o++, k++) {
		const struct option *option = o < N_OPTIONS ? &options[o] : &stamps[i];

		if (has_effect(option, what) && set_option(sockets[i], option))
			k->option = option;
	}
	k = known[i];
	/* when all are set: one can change another */
	for (size_t o = 0; o <= N_OPTIONS; o++, k++)
		if (k->option && read_option(sockets[i], k->option, k))
			n++;
		else
			k->option = NULL;
	return n;
}

static socklen_t loopback(int domain, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *in = (struct sockaddr_in *)ret;

	*ret = (struct sockaddr_storage){.ss_family = (sa_family_t)domain};
	if (domain == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static int bound(const struct socket_of *what, struct sockaddr_storage *address, socklen_t *len)
{
	int fd = TRY(socket(what->domain, what->type | SOCK_CLOEXEC, what->protocol));

	*len = loopback(what->domain, address);
	TRY(bind(fd, (struct sockaddr *)address, *len));
	*len = sizeof(*address);
	TRY(getsockname(fd, (struct sockaddr *)address, len));
	return fd;
}

static int make_socket(const struct socket_of *what, size_t i)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd;

	if (what->state == NEW)
		return TRY(socket(what->domain, what->type | SOCK_CLOEXEC, what->protocol));
	if (what->state == LISTENING) {
		fd = bound(what, &address, &len);
		TRY(listen(fd, 4));
		return fd;
	}
	listening = bound(what, &address, &len);
	if (what->type == SOCK_STREAM)
		TRY(listen(listening, 4));
	fd = TRY(socket(what->domain, what->type | SOCK_CLOEXEC, what->protocol));
	TRY(connect(fd, (struct sockaddr *)&address, len));
	others[i] = listening;
	if (what->type == SOCK_STREAM) {
		others[i] = TRY(accept(listening, NULL, NULL));
		close(listening);
	}
	return fd;
}

static void set_options(void)
{
	const struct socket_of *what = this_kind->arg;

	for (size_t i = 0; i < N_STAMPS; i++) {
		int n;

		sockets[i] = make_socket(what, i);
		n = set_all(i, what);
		if (n < what->least) {
			dprintf(STDOUT_FILENO, "only %d options can be set", n);
			_exit(1);
		}
	}
}

static void verify_options(void)
{
	char what[64];

	for (size_t i = 0; i < N_STAMPS; i++)
		for (size_t o = 0; o <= N_OPTIONS; o++) {
			struct known now, *k = &known[i][o];

			if (!k->option)
				continue;
			if (!read_option(sockets[i], k->option, &now)) {
				complain("%s: %s", k->option->name, strerror(errno));
				continue;
			}
			snprintf(what, sizeof(what), "%s of %zu", k->option->name, i);
			same(what, (long)k->len, (long)now.len);
			same_bytes(what, k->bytes, now.bytes, k->len);
		}
}

/* --- multicast ----------------------------------------------------------------------------------
 */

static const struct membership {
	int domain, type, protocol; /* of the socket */
	const char *group;
	unsigned int mode; /* MCAST_EXCLUDE or MCAST_INCLUDE */
	const char *sources[2];
} memberships[] = {
	{AF_INET, SOCK_DGRAM, 0, "239.1.2.3", MCAST_EXCLUDE, {0}},
	{AF_INET, SOCK_DGRAM, 0, "224.0.0.1", MCAST_EXCLUDE, {0}},
	{AF_INET, SOCK_DGRAM, 0, "239.1.2.3", MCAST_EXCLUDE, {0}},
	{AF_INET, SOCK_DGRAM, 0, "239.1.2.4", MCAST_EXCLUDE, {"10.1.1.1", "10.1.1.2"}},
	{AF_INET, SOCK_DGRAM, 0, "232.1.2.5", MCAST_INCLUDE, {"10.1.1.3", NULL}},
	{AF_INET, SOCK_RAW, IPPROTO_UDP, "239.1.2.7", MCAST_EXCLUDE, {0}},
	{AF_INET6, SOCK_DGRAM, 0, "ff02::fb", MCAST_EXCLUDE, {0}},
	{AF_INET6, SOCK_DGRAM, 0, "ff02::1", MCAST_EXCLUDE, {0}},
	{AF_INET6, SOCK_DGRAM, 0, "ff02::1:ff00:7", MCAST_EXCLUDE, {0}},
	{AF_INET6, SOCK_DGRAM, 0, "ff02::123", MCAST_EXCLUDE, {"2001:db8::1", "2001:db8::2"}},
	{AF_INET6, SOCK_DGRAM, 0, "ff35::124", MCAST_INCLUDE, {"2001:db8::3", NULL}},
	{AF_INET6, SOCK_DGRAM, 0, "239.1.2.8", MCAST_EXCLUDE, {0}},
	{AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, "ff02::16", MCAST_EXCLUDE, {0}},
};

#define N_MEMBERSHIPS (sizeof(memberships) / sizeof(memberships[0]))

static int members[N_MEMBERSHIPS];

static int level_of(const char *address)
{
	return strchr(address, ':') ? IPPROTO_IPV6 : IPPROTO_IP;
}

static void set_address(const char *text, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){0};
	if (level_of(text) == IPPROTO_IPV6) {
		ret->ss_family = AF_INET6;
		inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)ret)->sin6_addr);
	} else {
		ret->ss_family = AF_INET;
		inet_pton(AF_INET, text, &((struct sockaddr_in *)ret)->sin_addr);
	}
}

static void set_memberships(void)
{
	for (size_t i = 0; i < N_MEMBERSHIPS; i++) {
		const struct membership *m = &memberships[i];
		struct group_req group = {.gr_interface = LO};
		union {
			struct group_filter filter;
			char space[GROUP_FILTER_SIZE(2)];
		} u = {.filter = {.gf_interface = LO, .gf_fmode = m->mode}};

		members[i] = TRY(socket(m->domain, m->type | SOCK_CLOEXEC, m->protocol));
		set_address(m->group, &group.gr_group);
		TRY(setsockopt(members[i], level_of(m->group), MCAST_JOIN_GROUP, &group,
			       sizeof(group)));
		u.filter.gf_group = group.gr_group;
		for (; u.filter.gf_numsrc < 2 && m->sources[u.filter.gf_numsrc];
		     u.filter.gf_numsrc++)
			set_address(m->sources[u.filter.gf_numsrc],
				    &u.filter.gf_slist[u.filter.gf_numsrc]);
		if (m->mode == MCAST_INCLUDE || m->sources[0])
			TRY(setsockopt(members[i], level_of(m->group), MCAST_MSFILTER, &u,
				       (socklen_t)GROUP_FILTER_SIZE(u.filter.gf_numsrc)));
	}
}

static void verify_membership(int fd, const struct membership *m)
{
	union {
		struct group_filter filter;
		char space[GROUP_FILTER_SIZE(4)];
	} u = {.filter = {.gf_interface = LO, .gf_numsrc = 4}};
	socklen_t len = sizeof(u);
	uint32_t n = 0;

	set_address(m->group, &u.filter.gf_group);
	if (getsockopt(fd, level_of(m->group), MCAST_MSFILTER, &u, &len) < 0) {
		complain("%s: %s", m->group, strerror(errno));
		return;
	}
	same(m->group, (long)m->mode, (long)u.filter.gf_fmode);
	for (; n < 2 && m->sources[n]; n++) {
		struct sockaddr_storage wanted;

		set_address(m->sources[n], &wanted);
		if (n < u.filter.gf_numsrc)
			same_bytes(m->group, &wanted, &u.filter.gf_slist[n], 24);
	}
	same("its sources", n, (long)u.filter.gf_numsrc);
}

static void verify_memberships(void)
{
	for (size_t i = 0; i < N_MEMBERSHIPS; i++)
		verify_membership(members[i], &memberships[i]);
}

/* --- shared sockets -----------------------------------------------------------------------------
 */

static const struct option shared_options[] = {
	{"SO_TIMESTAMP_OLD", SOL_SOCKET, 29, 1, 0, {0}},
	{"IP_RECVTTL", IPPROTO_IP, 12, 1, 0, {0}},
	{"IP_MULTICAST_TTL", IPPROTO_IP, 33, 7, 0, {0}},
};

static void hold(void)
{
	close(listening);
	for (;;)
		pause();
}

/* The child has one that its parent does not have any more, and shares another. */
static void set_shared(void)
{
	const struct socket_of udp = {AF_INET, SOCK_DGRAM, 0, NEW, 0, ""};
	struct sockaddr_storage address;
	socklen_t len;

	sockets[0] = bound(&udp, &address, &len);
	sockets[1] = TRY(dup(sockets[0]));
	for (size_t i = 0; i < sizeof(shared_options) / sizeof(shared_options[0]); i++)
		if (!set_option(sockets[1], &shared_options[i]))
			cannot(shared_options[i].name);
	start_child(hold);
	start_child(hold);
	close(sockets[0]);
}

static void verify_shared(void)
{
	for (size_t i = 0; i < sizeof(shared_options) / sizeof(shared_options[0]); i++) {
		struct known now;
		int value;

		if (!read_option(sockets[1], &shared_options[i], &now)) {
			complain("%s: %s", shared_options[i].name, strerror(errno));
			continue;
		}
		memcpy(&value, now.bytes, sizeof(value));
		same(shared_options[i].name, shared_options[i].value, value);
	}
}

#define OPTIONS(name, ...)                                                                         \
	{                                                                                          \
		"options-" name, set_options, verify_options, &(const struct socket_of)            \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

const struct kind option_kinds[] = {
	OPTIONS("tcp", AF_INET, SOCK_STREAM, 0, NEW, 40, NOT_STREAMS),
	OPTIONS("tcp6", AF_INET6, SOCK_STREAM, 0, NEW, 60, NOT_STREAMS),
	OPTIONS("tcp-listening", AF_INET, SOCK_STREAM, 0, LISTENING, 40, NOT_STREAMS),
	OPTIONS("tcp6-listening", AF_INET6, SOCK_STREAM, 0, LISTENING, 60, NOT_STREAMS),
	OPTIONS("tcp-connected", AF_INET, SOCK_STREAM, 0, CONNECTED, 30, NOT_CONNECTIONS),
	OPTIONS("tcp6-connected", AF_INET6, SOCK_STREAM, 0, CONNECTED, 50, NOT_CONNECTIONS),
	OPTIONS("udp", AF_INET, SOCK_DGRAM, 0, NEW, 35, NOT_FRAMES),
	OPTIONS("udp6", AF_INET6, SOCK_DGRAM, 0, NEW, 60, NOT_FRAMES),
	OPTIONS("udp-connected", AF_INET, SOCK_DGRAM, 0, CONNECTED, 30, NOT_PEERS),
	OPTIONS("udp6-connected", AF_INET6, SOCK_DGRAM, 0, CONNECTED, 55, NOT_PEERS),
	OPTIONS("udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, NEW, 30, NOT_LITE),
	OPTIONS("udplite6", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE, NEW, 55, NOT_LITE),
	OPTIONS("raw", AF_INET, SOCK_RAW, IPPROTO_ICMP, NEW, 30, NOT_RAW),
	OPTIONS("raw6", AF_INET6, SOCK_RAW, 253, NEW, 40, NOT_RAW),
	OPTIONS("unix-stream", AF_UNIX, SOCK_STREAM, 0, NEW, 5, NOT_LOCAL),
	OPTIONS("unix-datagrams", AF_UNIX, SOCK_DGRAM, 0, NEW, 5, NOT_LOCAL),
	OPTIONS("unix-packets", AF_UNIX, SOCK_SEQPACKET, 0, NEW, 5, NOT_LOCAL),
	OPTIONS("netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, NEW, 9, NOT_LOCAL),
	OPTIONS("packet", AF_PACKET, SOCK_RAW, 0, NEW, 10, NOT_PACKET),
	{"options-shared", set_shared, verify_shared, NULL},
	{"multicast-sources", set_memberships, verify_memberships, NULL},
	{0},
};
