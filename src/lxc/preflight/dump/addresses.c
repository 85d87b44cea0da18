/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether a restore will find the addresses to which sockets are bound. Runs in the command,
 * as root of the host, on copies of the container's sockets.
 */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "preflight/survey.h"
#include "sys/netns.h"
#include "sys/rtnl.h"
#include "sys/tcp_sockets.h"
#include "util/fd.h"
#include "util/mem.h"

#define ADDRESSES_MAX 65536
#define LO	      1 /* its number in every network namespace */

/* Both families in one form: IPv4 mapped into IPv6. */
struct in6_addr mapped_address(int family, const void *address)
{
	struct in6_addr a = {0};

	if (family == AF_INET6) {
		memcpy(&a, address, sizeof(a));
	} else {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(&a.s6_addr[12], address, 4);
	}
	return a;
}

static struct in6_addr address_of(const struct sockaddr_storage *s)
{
	if (s->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)s)->sin6_addr;
	return mapped_address(AF_INET, &((const struct sockaddr_in *)s)->sin_addr);
}

static unsigned int port_of(const struct sockaddr_storage *s)
{
	return s->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)s)->sin6_port
					: ((const struct sockaddr_in *)s)->sin_port;
}

static const char *address_text(const struct in6_addr *a, char text[INET6_ADDRSTRLEN])
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(a);

	return inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &a->s6_addr[12] : a->s6_addr, text,
			 INET6_ADDRSTRLEN);
}

/* --- those that a network namespace has ----------------------------------------------------------
 */

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

/* Our own address: of a point-to-point link, IFA_ADDRESS is the peer's. */
static const void *own_address(const struct nlmsghdr *h, unsigned char family)
{
	size_t size = family == AF_INET ? 4 : 16;
	const struct rtattr *a = rtnl_attribute(h, sizeof(struct ifaddrmsg), IFA_LOCAL, size);

	if (!a)
		a = rtnl_attribute(h, sizeof(struct ifaddrmsg), IFA_ADDRESS, size);
	return a ? (const char *)a + RTA_LENGTH(0) : NULL;
}

static void add_address(const struct nlmsghdr *h, void *userdata)
{
	struct addresses *ret = userdata;
	struct ifaddrmsg m;
	const void *own;
	struct in6_addr a;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(m)) ||
	    ret->n > ADDRESSES_MAX)
		return;
	memcpy(&m, (const char *)h + NLMSG_HDRLEN, sizeof(m));
	if (m.ifa_family != AF_INET && m.ifa_family != AF_INET6)
		return;
	own = own_address(h, m.ifa_family);
	if (!own)
		return;
	a = mapped_address(m.ifa_family, own);
	*ARRAY_ADD(ret->v, ret->n) = a;
	/* on lo the whole network of an IPv4 address is here */
	if (m.ifa_family == AF_INET && m.ifa_index == LO && m.ifa_prefixlen <= 32)
		*ARRAY_ADD(ret->networks, ret->n_networks) =
			(struct address_network){a, 96U + m.ifa_prefixlen};
}

static bool list_addresses(int fd, struct addresses *ret)
{
	const struct ifaddrmsg any = {.ifa_family = AF_UNSPEC};

	if (rtnl_list(fd, RTM_GETADDR, &any, sizeof(any), add_address, ret) < 0 ||
	    ret->n > ADDRESSES_MAX)
		return false;
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_addresses);
	return true;
}

static bool setting_is_on(const char *path)
{
	char *text = NULL;
	bool on = read_file_at(AT_FDCWD, path, 64, &text) > 0 && *text == '1';

	free(text);
	return on;
}

/* Opens a netlink socket, and reads the settings on this occasion, in the network namespace. */
static int open_here(void *userdata)
{
	struct addresses *a = userdata;

	a->any4 = setting_is_on("/proc/sys/net/ipv4/ip_nonlocal_bind");
	a->any6 = setting_is_on("/proc/sys/net/ipv6/ip_nonlocal_bind");
	return rtnl_open();
}

void addresses_clear(struct addresses *a)
{
	free(a->v);
	free(a->networks);
	*a = (struct addresses){0};
}

/* Sockets of one namespace mostly follow each other: keeps the last one. */
static const struct addresses *addresses_in(struct survey *s, int netns)
{
	struct addresses *a = &s->addresses;
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (netns < 0 || fstat(netns, &st) < 0)
		return NULL;
	if (a->ns != st.st_ino) {
		addresses_clear(a);
		a->ns = st.st_ino;
		fd = netns_call(netns, open_here, a);
		a->known = fd >= 0 && list_addresses(fd, a);
	}
	return a->known ? a : NULL;
}

static const struct addresses *addresses_around(struct survey *s, int sock)
{
	_cleanup_close_ int netns = ioctl(sock, SIOCGSKNS);

	return addresses_in(s, netns);
}

static bool is_in_network(const struct in6_addr *a, const struct address_network *network)
{
	unsigned int bytes = network->bits / 8, bits = network->bits % 8;
	unsigned int mask = (0xff00U >> bits) & 0xff;

	return memcmp(a->s6_addr, network->address.s6_addr, bytes) == 0 &&
	       (bits == 0 || ((a->s6_addr[bytes] ^ network->address.s6_addr[bytes]) & mask) == 0);
}

bool addresses_have(const struct addresses *all, const struct in6_addr *a)
{
	if (all->n && bsearch(a, all->v, all->n, sizeof(*all->v), compare_addresses))
		return true;
	for (size_t i = 0; i < all->n_networks; i++)
		if (is_in_network(a, &all->networks[i]))
			return true;
	return false;
}

/* --- of a socket ---------------------------------------------------------------------------------
 */

static bool is_link_local(const struct sockaddr_storage *s)
{
	return s->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)s)->sin6_addr);
}

/* CRIU keeps the link of no such address. */
static bool is_link_multicast(const struct sockaddr_storage *s)
{
	const struct in6_addr *a = &((const struct sockaddr_in6 *)s)->sin6_addr;

	return s->ss_family == AF_INET6 &&
	       (IN6_IS_ADDR_MC_LINKLOCAL(a) || IN6_IS_ADDR_MC_NODELOCAL(a));
}

/* In any state of a connection. */
static bool is_connection(const struct socket_answers *a)
{
	return a->tcp_state && a->tcp_state != TCP_CLOSE && a->tcp_state != TCP_LISTEN;
}

/*
 * CRIU can bind any other IPv6 socket to a missing address, and an IPv4 socket to a multicast one.
 * A broadcast address belongs to no interface, and is not checked.
 */
static bool wants_address(const struct sockaddr_storage *local, const struct in6_addr *a,
			  bool connection)
{
	if (connection)
		return true;
	return local->ss_family == AF_INET && port_of(local) && a->s6_addr[12] < 224 &&
	       a->s6_addr[15] != 255 && a->s6_addr[15] != 0;
}

/* Whether a socket may be bound to any address, at the restore too. */
static bool any_is_good(const struct survey *s, const struct addresses *all,
			const struct in6_addr *a)
{
	/* such settings are carried only for the container's own namespace */
	return all->ns == s->own_network && (IN6_IS_ADDR_V4MAPPED(a) ? all->any4 : all->any6);
}

static void check_presence(struct survey *s, const struct process *p, int number, int fd,
			   const struct in6_addr *a, bool connection)
{
	const struct addresses *all = addresses_around(s, fd);
	char text[INET6_ADDRSTRLEN];

	if (!all || addresses_have(all, a) || any_is_good(s, all, a))
		return;
	findings_add(
		s->found,
		FINDING("socket-address", FINDING_BLOCKS,
			connection ? "close that connection, or stop that process; ip address add "
				     "gives the address back"
				   : "stop that process; ip address add gives the address back",
			OF_PROCESS(s, p)),
		"has a %s open (descriptor %d) at the address %s, which no interface has",
		connection ? "TCP connection" : "socket", number, address_text(a, text));
}

/* Whether check_socket_address() would find no fault. */
static bool is_harmless(const struct survey *s, const struct addresses *all,
			const struct tcp_socket *t)
{
	if (IN6_IS_ADDR_LINKLOCAL(&t->local) || IN6_IS_ADDR_LINKLOCAL(&t->remote))
		return false;
	return IN6_IS_ADDR_UNSPECIFIED(&t->local) || addresses_have(all, &t->local) ||
	       any_is_good(s, all, &t->local);
}

void survey_connections(struct survey *s)
{
	pid_t init = s->p->facts->init_pid;
	_cleanup_close_ int netns = netns_open(init);
	_cleanup_free_ struct tcp_socket *v = NULL;
	const struct addresses *all;
	bool lost = s->scout.lost;
	size_t n = 0;
	int r = tcp_sockets_list_layers(&s->scout, init, &v, &n);

	if (r == -ETIMEDOUT && !lost)
		findings_add(
			s->found, FINDING("socket-locked", FINDING_BLOCKS, SOCKET_LOCKED_HINT),
			"a system call in the container keeps a TCP connection locked, so CRIU "
			"could not save it");
	if (r < 0 || n == 0)
		return;
	all = addresses_in(s, netns);
	for (size_t i = 0; all && i < n; i++)
		if (v[i].inode && !v[i].layered && is_harmless(s, all, &v[i]))
			map_add(&s->harmless, v[i].inode, 0);
}

struct attempt {
	struct sockaddr_storage local, remote;
	socklen_t len;
};

/* As CRIU does it: before the socket gets its options. The port is taken, and makes no difference.
 */
static int connect_anew(void *userdata)
{
	struct attempt *a = userdata;
	_cleanup_close_ int fd = socket(a->remote.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	((struct sockaddr_in *)&a->local)->sin_port = 0; /* the same place in both families */
	/* check_presence() is about such addresses */
	if (bind(fd, (const struct sockaddr *)&a->local, a->len) < 0)
		return 0;
	return connect(fd, (const struct sockaddr *)&a->remote, a->len) < 0 ? -errno : 0;
}

static bool is_udp(int fd)
{
	int type = 0, protocol = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE);
}

/* A broadcast address, or the route is gone: sending there may work all the same. */
static void check_connecting(struct survey *s, const struct process *p, int number, int fd,
			     const struct sockaddr_storage *local,
			     const struct sockaddr_storage *remote, socklen_t len)
{
	struct attempt attempt = {*local, *remote, len};
	_cleanup_close_ int netns = is_udp(fd) ? ioctl(fd, SIOCGSKNS) : -1;
	struct in6_addr a = address_of(remote);
	char text[INET6_ADDRSTRLEN];
	int r = netns < 0 ? 0 : netns_call(netns, connect_anew, &attempt);

	if (r != -EACCES && r != -ENETUNREACH && r != -EHOSTUNREACH)
		return;
	findings_add(s->found,
		     FINDING("socket-address", FINDING_BLOCKS,
			     r == -EACCES ? "stop that process"
					  : "stop that process; ip route add gives the route back",
			     OF_PROCESS(s, p)),
		     "has a UDP socket open (descriptor %d) that is connected to %s, to which %s, "
		     "so CRIU could not restore it",
		     number, address_text(&a, text),
		     r == -EACCES ? "no new one may be connected (a broadcast address)"
				  : "there is no route any more");
}

/* Returns whether it was found to be in the way. */
static bool check_link_multicast(struct survey *s, const struct process *p, int number,
				 const struct sockaddr_storage *local)
{
	struct in6_addr a = address_of(local);
	char text[INET6_ADDRSTRLEN];

	if (!is_link_multicast(local))
		return false;
	findings_add(s->found,
		     FINDING("socket-address", FINDING_BLOCKS,
			     "have that program bind to :: instead, or stop it", OF_PROCESS(s, p)),
		     "has a socket open (descriptor %d) that is bound to the multicast address %s "
		     "of a link, which CRIU cannot restore",
		     number, address_text(&a, text));
	return true;
}

void check_socket_address(struct survey *s, const struct process *p, int number, int fd,
			  const struct socket_answers *answers)
{
	const struct sockaddr_storage local = answers->local, remote = answers->remote;
	bool connection = is_connection(answers);
	struct in6_addr a = address_of(&local);
	char text[INET6_ADDRSTRLEN];

	if (check_link_multicast(s, p, number, &local))
		return;
	/* CRIU knows only the link of the local end, and not for a TCP connection */
	if (connection ? is_link_local(&local) || is_link_local(&remote)
		       : (is_link_local(&remote) || is_link_multicast(&remote)) &&
				 !is_link_local(&local)) {
		if (!is_link_local(&local))
			a = address_of(&remote);
		findings_add(s->found,
			     FINDING("socket-address", FINDING_BLOCKS,
				     "close that connection, or connect by another address than "
				     "fe80:: (a "
				     "host name, or a global or unique-local address)",
				     OF_PROCESS(s, p)),
			     "has a connection open (descriptor %d) by the link-local address %s, "
			     "which CRIU cannot restore",
			     number, address_text(&a, text));
		return;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&a) && wants_address(&local, &a, connection))
		check_presence(s, p, number, fd, &a, connection);
	if (remote.ss_family != AF_UNSPEC && !connection)
		check_connecting(s, p, number, fd, &local, &remote, answers->local_len);
}
