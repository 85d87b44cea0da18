/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "state.h"

/* All of it on the loopback of the container. */
#define LATER 10000

/* Of TCP: the C library has it in a header that the kernel's does not go with. */
#define ESTABLISHED 1
#define SYN_SENT    2

static int ends[2], listener;
static struct sockaddr_storage address;
static socklen_t address_len;

static int family(void)
{
	return this_kind->arg && strcmp(this_kind->arg, "6") == 0 ? AF_INET6 : AF_INET;
}

/* A socket bound to a free port of the loopback; sets address. */
static int bound(int type)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = TRY(socket(family(), type | SOCK_CLOEXEC, 0));

	if (family() == AF_INET)
		TRY(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	else
		TRY(bind(fd, (struct sockaddr *)&in6, sizeof(in6)));
	address_len = sizeof(address);
	TRY(getsockname(fd, (struct sockaddr *)&address, &address_len));
	return fd;
}

static void connect_ends(void)
{
	listener = bound(SOCK_STREAM);
	TRY(listen(listener, 7));
	ends[0] = TRY(socket(family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(connect(ends[0], (struct sockaddr *)&address, address_len));
	ends[1] = TRY(accept(listener, NULL, NULL));
}

static void send_text(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		complain("\"%s\" cannot be sent: %s", text, strerror(errno));
}

static void same_received(int fd, const char *wanted)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char text[256] = "";

	if (poll(&p, 1, LATER) != 1)
		complain("\"%s\" does not come", wanted);
	else if (recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) < 0)
		complain("\"%s\" does not come: %s", wanted, strerror(errno));
	else
		same_text("what comes", wanted, text);
}

static void await_unread(int fd, int len)
{
	int n = 0;

	while (ioctl(fd, FIONREAD, &n) == 0 && n < len)
		usleep(1000);
}

static void send_both(void)
{
	send_text(ends[0], "there");
	send_text(ends[1], "and back");
	await_unread(ends[1], 5);
	await_unread(ends[0], 8);
}

/* --- TCP ------------------------------------------------------------------ */

static void set_tcp(void)
{
	connect_ends();
	send_both();
}

static void verify_tcp(void)
{
	int fd;

	same_received(ends[1], "there");
	same_received(ends[0], "and back");
	send_both();
	fd = socket(family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, address_len) < 0)
		complain("nothing listens any more: %s", strerror(errno));
	else
		close(accept(listener, NULL, NULL));
	close(fd);
}

/* Until nothing more goes into it: the rest waits at the sender. */
static uint32_t sent[2];

static void fill(int i)
{
	uint32_t words[1024];
	ssize_t n;

	do {
		for (uint32_t k = 0; k < 1024; k++)
			words[k] = sent[i] / 4 + k;
		n = send(ends[i], (char *)words + sent[i] % 4, sizeof(words) - sent[i] % 4,
			 MSG_DONTWAIT);
		sent[i] += n > 0 ? (uint32_t)n : 0;
	} while (n > 0);
}

static void drain(int i)
{
	struct pollfd p = {.fd = ends[!i], .events = POLLIN};
	uint32_t words[1024], taken = 0;
	ssize_t n;

	while (taken < sent[i] && poll(&p, 1, LATER) == 1) {
		n = recv(ends[!i], words, sizeof(words), MSG_DONTWAIT);
		if (n <= 0) {
			complain("after %u of %u bytes: %s", taken, sent[i],
				 n ? strerror(errno) : "the end");
			return;
		}
		for (ssize_t k = 0; k < n; k++) {
			uint32_t at = taken + (uint32_t)k, word = at / 4;

			if (((char *)words)[k] != ((char *)&word)[at % 4]) {
				complain("byte %u of %u is wrong", at, sent[i]);
				return;
			}
		}
		taken += (uint32_t)n;
	}
	same("what comes", sent[i], taken);
	sent[i] = 0;
}

static void set_tcp_full(void)
{
	connect_ends();
	fill(0);
	fill(1);
}

static void verify_tcp_full(void)
{
	drain(0);
	drain(1);
	fill(0);
	fill(1);
}

static void set_half_closed(void)
{
	connect_ends();
	send_text(ends[0], "last");
	TRY(shutdown(ends[0], SHUT_WR));
	send_text(ends[1], "and back");
	await_unread(ends[1], 4);
	await_unread(ends[0], 8);
}

static void verify_half_closed(void)
{
	struct pollfd p = {.fd = ends[1], .events = POLLRDHUP};
	char text[8] = "";

	if (poll(&p, 1, LATER) != 1)
		complain("its end is not seen");
	same("receiving", 4, recv(ends[1], text, 7, MSG_PEEK | MSG_DONTWAIT));
	same_text("what comes", "last", text);
	same("sending", -1, send(ends[0], "x", 1, MSG_NOSIGNAL));
	same_received(ends[0], "and back");
	send_text(ends[1], "and back");
	await_unread(ends[0], 8);
}

/* The other end is closed, and has left something; the client port is TIME_WAIT's business. */
static void set_peer_closed(void)
{
	connect_ends();
	send_text(ends[0], "last");
	close(ends[0]);
	await_unread(ends[1], 4);
}

static void verify_peer_closed(void)
{
	char text[8] = "";

	same("receiving", 4, recv(ends[1], text, 7, MSG_PEEK));
	same_text("what comes", "last", text);
}

static void set_reset(void)
{
	struct linger linger = {1, 0};
	struct pollfd p;

	connect_ends();
	TRY(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(ends[0]);
	p = (struct pollfd){.fd = ends[1]};
	TRY(poll(&p, 1, -1));
}

static void verify_reset(void)
{
	struct pollfd p = {.fd = ends[1]};

	poll(&p, 1, 0);
	same("POLLHUP", POLLHUP, p.revents & POLLHUP);
	same("sending", -1, send(ends[1], "x", 1, MSG_NOSIGNAL));
}

/* Nobody has accepted it yet. */
static void set_not_accepted(void)
{
	connect_ends();
	close(ends[1]);
	close(ends[0]);
	ends[0] = TRY(socket(family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(connect(ends[0], (struct sockaddr *)&address, address_len));
}

static void verify_not_accepted(void)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	int fd = -1;

	if (poll(&p, 1, 0) != 1)
		complain("nobody is waiting to be accepted");
	else
		fd = accept(listener, NULL, NULL);
	if (fd >= 0) {
		send_text(fd, "x");
		same_received(ends[0], "x");
		close(fd);
	}
	close(ends[0]);
	ends[0] = socket(family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	connect(ends[0], (struct sockaddr *)&address, address_len);
}

/* Asked to connect to somebody who does not answer. */
static void set_connecting(void)
{
	struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9)};
	int one = 1;

	inet_pton(AF_INET, "127.0.0.2", &nobody.sin_addr);
	/* a listener with a full queue does not answer any more */
	listener = TRY(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	TRY(bind(listener, (struct sockaddr *)&nobody, sizeof(nobody)));
	TRY(listen(listener, 0));
	ends[0] = TRY(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(connect(ends[0], (struct sockaddr *)&nobody, sizeof(nobody)));
	ends[1] = TRY(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (connect(ends[1], (struct sockaddr *)&nobody, sizeof(nobody)) == 0 ||
	    errno != EINPROGRESS)
		cannot("be unanswered");
}

/* When it is asked for again is up to the kernel, and may take minutes. */
static void verify_connecting(void)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(ends[1], IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		complain("TCP_INFO: %s", strerror(errno));
	/* a restore leaves out who was not accepted yet, and that makes room */
	if (info.tcpi_state != SYN_SENT && info.tcpi_state != ESTABLISHED)
		complain("its state is %d", info.tcpi_state);
	for (int i = 0; i < 2; i++)
		close(ends[i]);
	close(listener);
	set_connecting();
}

/* --- UDP ------------------------------------------------------------------ */

static void set_udp(void)
{
	listener = bound(SOCK_DGRAM);
	ends[0] = TRY(socket(family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
	TRY(connect(ends[0], (struct sockaddr *)&address, address_len));
}

static void verify_udp(void)
{
	struct sockaddr_storage from = {0}, self = {0};
	socklen_t len = sizeof(from), self_len = sizeof(self);
	char text[16] = "";

	send_text(ends[0], "there");
	if (recvfrom(listener, text, sizeof(text), 0, (struct sockaddr *)&from, &len) != 5)
		complain("nothing comes: %s", strerror(errno));
	getsockname(ends[0], (struct sockaddr *)&self, &self_len);
	same_bytes("the sender", &self, &from, len);
	sendto(listener, "back", 4, 0, (struct sockaddr *)&from, len);
	same_received(ends[0], "back");
}

static void set_udp_unread(void)
{
	set_udp();
	send_text(ends[0], "one");
	send_text(ends[0], "two");
}

static void verify_udp_unread(void)
{
	same_received(listener, "one");
	same_received(listener, "two");
	send_text(ends[0], "one");
	send_text(ends[0], "two");
}

static void set_udp_corked(void)
{
	set_udp();
	TRY(send(ends[0], "one", 3, MSG_MORE));
}

static void verify_udp_corked(void)
{
	send_text(ends[0], "two");
	same_received(listener, "onetwo");
	send(ends[0], "one", 3, MSG_MORE);
}

static void set_multicast(void)
{
	struct ip_mreqn group = {0};
	struct sockaddr_in any = {.sin_family = AF_INET};
	int ttl = 5, loop = 1;

	inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr);
	group.imr_ifindex = (int)if_nametoindex("lo");
	listener = TRY(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	TRY(bind(listener, (struct sockaddr *)&any, sizeof(any)));
	TRY(setsockopt(listener, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
	address_len = sizeof(address);
	TRY(getsockname(listener, (struct sockaddr *)&address, &address_len));
	ends[0] = TRY(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	TRY(setsockopt(ends[0], IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)));
	TRY(setsockopt(ends[0], IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)));
	TRY(setsockopt(ends[0], IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)));
}

static void verify_multicast(void)
{
	struct sockaddr_in to = *(struct sockaddr_in *)&address;
	struct pollfd p = {.fd = listener, .events = POLLIN};
	struct in_addr via = {0};
	int ttl = 0;
	socklen_t len = sizeof(ttl);
	char byte;

	getsockopt(ends[0], IPPROTO_IP, IP_MULTICAST_TTL, &ttl, &len);
	same("IP_MULTICAST_TTL", 5, ttl);
	len = sizeof(via);
	getsockopt(ends[0], IPPROTO_IP, IP_MULTICAST_IF, &via, &len);
	if (!strstr(text_of("/proc/net/igmp"), "030201EF"))
		complain("nobody is in the group any more");
	(void)p, (void)to, (void)byte;
}

/* --- options -------------------------------------------------------------- */

static const struct {
	const char *name;
	int level, option, value;
} options[] = {
	{"IP_TOS", IPPROTO_IP, IP_TOS, 0x10},
	{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1},
	{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},
	{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1},
	{"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, 1},
	{"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1},
	{"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 4},
	{"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 3},
	{"SO_MARK", SOL_SOCKET, SO_MARK, 77},
	{"SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 1},
	{"SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1},
	{"SO_BUSY_POLL", SOL_SOCKET, SO_BUSY_POLL, 5},
	{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},
	{"TCP_CORK", IPPROTO_TCP, TCP_CORK, 1},
	{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 111},
	{"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 22},
	{"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 44444},
	{"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 1},
	{"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 4},
	{"TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, 900},
	{"TCP_NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384},
	{"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, 17},
	{"TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 0},
	{"TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, 5},
	{"IP_TTL", IPPROTO_IP, IP_TTL, 33},
	{"IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, 1},
	{"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, 1},
	{"IP_RECVTTL", IPPROTO_IP, IP_RECVTTL, 1},
	{"IP_RECVTOS", IPPROTO_IP, IP_RECVTOS, 1},
	{"IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO},
	{"IP_TRANSPARENT", IPPROTO_IP, IP_TRANSPARENT, 1},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static int first_values[N_OPTIONS];

static int option_of(size_t i)
{
	int value = -1;
	socklen_t len = sizeof(value);

	getsockopt(listener, options[i].level, options[i].option, &value, &len);
	return value;
}

/* The kernel rounds some of them: what it says then is what has to stay. */
static void read_options(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		TRY(setsockopt(listener, options[i].level, options[i].option, &options[i].value,
			       sizeof(int)));
		first_values[i] = option_of(i);
	}
}

static void set_options(void)
{
	listener = TRY(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	read_options();
}

static void set_options_listening(void)
{
	set_options();
	TRY(listen(listener, 4));
	for (size_t i = 0; i < N_OPTIONS; i++)
		first_values[i] = option_of(i);
}

/* Those that are for others, or that a connection makes what they are. */
static bool not_connected(int option)
{
	return option == TCP_FASTOPEN || option == TCP_MAXSEG || option == TCP_QUICKACK;
}

static void set_options_connected(void)
{
	connect_ends();
	close(listener);
	listener = ends[0];
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (options[i].level != IPPROTO_TCP || !not_connected(options[i].option))
			TRY(setsockopt(listener, options[i].level, options[i].option,
				       &options[i].value, sizeof(int)));
		first_values[i] = option_of(i);
	}
}

static void verify_options(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options[i].level != IPPROTO_TCP || listener != ends[0] ||
		    !not_connected(options[i].option))
			same(options[i].name, first_values[i], option_of(i));
}

static void set_more_options(void)
{
	struct timeval t = {12, 340000};
	struct linger linger = {1, 9};

	listener = TRY(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	TRY(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	TRY(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	TRY(setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
}

static void verify_more_options(void)
{
	struct timeval t = {0};
	struct linger linger = {0};
	char text[32] = "";
	socklen_t len = sizeof(t);

	getsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &t, &len);
	same("SO_RCVTIMEO", 12, t.tv_sec);
	len = sizeof(linger);
	getsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, &len);
	same("SO_LINGER", 1009, linger.l_onoff * 1000 + linger.l_linger);
	len = sizeof(text);
	getsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, text, &len);
	same_text("SO_BINDTODEVICE", "lo", text);
	memset(text, 0, sizeof(text));
	len = sizeof(text);
	getsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, text, &len);
	same_text("TCP_CONGESTION", "reno", text);
}

static void set_v6only(void)
{
	int one = 1;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};

	listener = TRY(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	TRY(bind(listener, (struct sockaddr *)&any, sizeof(any)));
	TRY(listen(listener, 4));
}

static void verify_v6only(void)
{
	int value = 0;
	socklen_t len = sizeof(value);

	getsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &value, &len);
	same("IPV6_V6ONLY", 1, value);
}

/* --- other families ------------------------------------------------------- */

static void set_raw(void)
{
	listener = TRY(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

static void verify_raw(void)
{
	struct icmphdr ping = {.type = ICMP_ECHO, .checksum = htons((uint16_t)~(ICMP_ECHO << 8))};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct pollfd p = {.fd = listener, .events = POLLIN};
	char packet[2048];

	if (sendto(listener, &ping, sizeof(ping), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		complain("sending: %s", strerror(errno));
	if (poll(&p, 1, LATER) != 1)
		complain("nothing comes");
	while (recv(listener, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		;
}

static void set_netlink(void)
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int one = 1;

	listener = TRY(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	TRY(bind(listener, (struct sockaddr *)&nl, sizeof(nl)));
	TRY(setsockopt(listener, SOL_NETLINK, NETLINK_PKTINFO, &one, sizeof(one)));
}

static void verify_netlink(void)
{
	struct sockaddr_nl nl = {0};
	struct {
		struct nlmsghdr header;
		struct rtgenmsg message;
	} question = {{sizeof(question), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
		      {AF_UNSPEC}};
	socklen_t len = sizeof(nl);
	char answer[16384];
	long n, total = 0;

	getsockname(listener, (struct sockaddr *)&nl, &len);
	same("its groups", RTMGRP_LINK, nl.nl_groups);
	if (send(listener, &question, sizeof(question), 0) < 0)
		complain("asking: %s", strerror(errno));
	do {
		n = recv(listener, answer, sizeof(answer), 0);
		total += n;
	} while (n > 0 && ((struct nlmsghdr *)answer)->nlmsg_type != NLMSG_DONE);
	if (n <= 0 || total < 200)
		complain("no answer");
}

static void set_packet(void)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};

	ll.sll_ifindex = (int)if_nametoindex("lo");
	listener = TRY(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP)));
	TRY(bind(listener, (struct sockaddr *)&ll, sizeof(ll)));
}

static void verify_packet(void)
{
	struct sockaddr_ll ll = {0};
	socklen_t len = sizeof(ll);

	getsockname(listener, (struct sockaddr *)&ll, &len);
	same("its interface", if_nametoindex("lo"), ll.sll_ifindex);
	same("its protocol", ETH_P_ARP, ntohs(ll.sll_protocol));
}

const struct kind inet_kinds[] = {
	{"tcp", set_tcp, verify_tcp, NULL},
	{"tcp6", set_tcp, verify_tcp, "6"},
	{"tcp-full", set_tcp_full, verify_tcp_full, NULL},
	{"tcp6-full", set_tcp_full, verify_tcp_full, "6"},
	{"tcp-half-closed", set_half_closed, verify_half_closed, NULL},
	{"tcp-peer-closed", set_peer_closed, verify_peer_closed, NULL},
	{"tcp-reset", set_reset, verify_reset, NULL},
	{"tcp-not-accepted", set_not_accepted, verify_not_accepted, NULL},
	{"tcp-connecting", set_connecting, verify_connecting, NULL},
	{"udp", set_udp, verify_udp, NULL},
	{"udp6", set_udp, verify_udp, "6"},
	{"udp-unread", set_udp_unread, verify_udp_unread, NULL},
	{"udp-corked", set_udp_corked, verify_udp_corked, NULL},
	{"multicast", set_multicast, verify_multicast, NULL},
	{"socket-options", set_options, verify_options, NULL},
	{"socket-options-listening", set_options_listening, verify_options, NULL},
	{"socket-options-connected", set_options_connected, verify_options, NULL},
	{"socket-options-other", set_more_options, verify_more_options, NULL},
	{"ipv6-only", set_v6only, verify_v6only, NULL},
	{"raw", set_raw, verify_raw, NULL},
	{"netlink", set_netlink, verify_netlink, NULL},
	{"packet", set_packet, verify_packet, NULL},
	{0},
};
