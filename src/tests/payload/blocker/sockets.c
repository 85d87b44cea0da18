/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sockets. Modes of blocker.c, which runs as a process of the container. */
#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "blocker.h"

static void path_of_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/blocker.socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(a.sun_path);
	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(open(a.sun_path, O_PATH) >= 0);
}

static void vsock(void)
{
	CHECK(socket(AF_VSOCK, SOCK_STREAM, 0) >= 0);
}

static void mptcp(void)
{
	CHECK(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP) >= 0);
}

/* The kernel lists such a socket among those of TCP. */
static void mptcp_connection(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int l = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	int c = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	CHECK(bind(l, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(l, 5) == 0);
	CHECK(getsockname(l, (struct sockaddr *)&in, &len) == 0);
	CHECK(connect(c, (struct sockaddr *)&in, sizeof(in)) == 0 && accept(l, NULL, NULL) >= 0);
	close(l);
}

static void xdp(void)
{
	CHECK(socket(AF_XDP, SOCK_RAW, 0) >= 0);
}

static void netlink_groups(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int group = NETLINK_GROUP_FAR;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0);
}

static void netlink(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

/* a socket of the host that is mounted into the container */
static void unix_outside(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/outside.socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

static void unix_outside_datagram(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/outside.datagram"};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK(s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

static char *unserved;

static void *set_options(void *socket)
{
	/* the kernel reads the first bytes before it locks the socket */
	setsockopt(*(int *)socket, IPPROTO_IP, IP_OPTIONS, unserved - 8, 40);
	return NULL;
}

/* A call that waits for memory with the socket's lock. */
static void lock_socket(int s)
{
	static int locked;
	int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	struct uffd_msg message;
	pthread_t thread;

	unserved = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(unserved != MAP_FAILED && fault >= 0 && ioctl(fault, UFFDIO_API, &api) == 0);
	*unserved = 0;
	unserved += 4096;
	range.range.start = (uint64_t)(uintptr_t)unserved;
	range.range.len = 4096;
	CHECK(ioctl(fault, UFFDIO_REGISTER, &range) == 0);
	locked = s;
	CHECK(pthread_create(&thread, NULL, set_options, &locked) == 0);
	CHECK(read(fault, &message, sizeof(message)) == sizeof(message));
}

static void locked_listener(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int l = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(l, 5) == 0);
	lock_socket(l);
}

static void locked_connection(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);

	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(l, 5) == 0);
	CHECK(getsockname(l, (struct sockaddr *)&a, &len) == 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == 0 && accept(l, NULL, NULL) >= 0);
	lock_socket(c);
}

static void sockets(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/blocker.stream"};
	socklen_t len = sizeof(in);
	int fds[2], l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), u;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && write(fds[0], "x", 1) == 1);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	CHECK(bind(l, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(l, 5) == 0);
	CHECK(getsockname(l, (struct sockaddr *)&in, &len) == 0);
	CHECK(connect(c, (struct sockaddr *)&in, sizeof(in)) == 0 && accept(l, NULL, NULL) >= 0);
	CHECK(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	CHECK(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	CHECK(socket(AF_INET6, SOCK_STREAM, 0) >= 0);
	CHECK(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_LOOP)) >= 0);
	u = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(un.sun_path);
	CHECK(bind(u, (struct sockaddr *)&un, sizeof(un)) == 0 && listen(u, 5) == 0);
	/* one that was accepted, one whose server is gone, one that was not accepted yet */
	for (int i = 0; i < 3; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);

		CHECK(connect(s, (struct sockaddr *)&un, sizeof(un)) == 0);
		if (i == 0)
			CHECK(accept(u, NULL, NULL) >= 0);
		if (i == 1)
			close(accept(u, NULL, NULL));
	}
}

static void be_user(uid_t uid)
{
	CHECK(syscall(SYS_setresuid, -1, uid, -1) == 0);
}

/* A privileged process that has a connection of another user's. */
static void peer_user(void)
{
	int fds[2];

	be_user(33);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	be_user(0);
}

/* Such as a server would see, with another user's client. */
static void peer_client(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/peer.socket"};
	int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), c;

	unlink(a.sun_path);
	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(l, 5) == 0);
	CHECK(chmod(a.sun_path, 0777) == 0);
	be_user(33);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == 0);
	be_user(0);
	CHECK(accept(l, NULL, NULL) >= 0);
}

static void peer_same(void)
{
	int fds[2], l = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	be_user(33);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	CHECK(bind(l, (struct sockaddr *)&a, sizeof(sa_family_t)) == 0 && listen(l, 5) == 0);
}

static int bound(int domain, int type, struct sockaddr_storage *ret, socklen_t *len)
{
	int s = socket(domain, type, 0);

	*ret = (struct sockaddr_storage){.ss_family = (sa_family_t)domain};
	*len = sizeof(*ret);
	CHECK(s >= 0 && bind(s, (struct sockaddr *)ret, *len) == 0);
	CHECK(getsockname(s, (struct sockaddr *)ret, len) == 0);
	return s;
}

static void unaccepted(void)
{
	struct sockaddr_storage a;
	socklen_t len;
	int l = bound(AF_INET6, SOCK_STREAM, &a, &len);

	CHECK(listen(l, 5) == 0 && getsockname(l, (struct sockaddr *)&a, &len) == 0);
	CHECK(connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&a, len) == 0);
	/* it is lost once, whoever has the socket */
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static void unread_datagram(void)
{
	struct sockaddr_storage a;
	socklen_t len;

	bound(AF_INET, SOCK_DGRAM, &a, &len);
	CHECK(sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&a, len) == 1);
}

static void corked_datagram(void)
{
	struct sockaddr_storage a;
	socklen_t len;

	bound(AF_INET, SOCK_DGRAM, &a, &len);
	CHECK(sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, MSG_MORE, (struct sockaddr *)&a,
		     len) == 1);
}

static void raw_socket(void)
{
	CHECK(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
}

/* a descriptor on its way */
/* In a message that nobody receives. */
static void pass(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	char byte = 'x';
	struct iovec data = {&byte, 1};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && fd >= 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(fds[0], &m, 0) == 1);
	close(fd);
}

static void passed_descriptor(void)
{
	pass(eventfd(3, 0));
}

static void pipe_in_message(void)
{
	int p[2];

	CHECK(pipe(p) == 0);
	pass(p[0]);
}

static void listen_as(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, name);
	unlink(name);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0);
}

static void renamed_socket(void)
{
	listen_as("/tmp/early.7.tmp");
	CHECK(rename("/tmp/early.7.tmp", "/tmp/early") == 0);
}

static void linked_socket(void)
{
	listen_as("/tmp/early.8");
	unlink("/tmp/late");
	CHECK(link("/tmp/early.8", "/tmp/late") == 0 && unlink("/tmp/early.8") == 0);
}

/* Nobody could reach it before. */
static void unlinked_socket(void)
{
	listen_as("/tmp/none");
	CHECK(unlink("/tmp/none") == 0);
}

/* As tcpdump receives packets. */
static void packet_ring(void)
{
	struct tpacket_req ring = {
		.tp_block_size = 4096, .tp_block_nr = 4, .tp_frame_size = 2048, .tp_frame_nr = 8};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) == 0);
	CHECK(mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
}

static int udp_to(const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	CHECK(inet_pton(AF_INET, address, &in.sin_addr) == 1);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == 0);
	CHECK(connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0);
	return fd;
}

static void udp_broadcast(void)
{
	udp_to("255.255.255.255");
}

static void udp_connected(void)
{
	udp_to("10.0.3.1");
	udp_to("127.0.0.1");
}

/* The route there goes when the socket has been connected. */
static void udp_unreachable(void)
{
	udp_to("10.0.3.77");
	CHECK(system("ip route add unreachable 10.0.3.77 2>/dev/null || :") == 0);
}

static void multicast_bound(void)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(5353)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	in.sin6_scope_id = if_nametoindex("eth0");
	CHECK(inet_pton(AF_INET6, "ff02::fb", &in.sin6_addr) == 1);
	CHECK(bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0);
}

const struct mode sockets_modes[] = {
	{"corked-datagram", corked_datagram},
	{"linked-socket", linked_socket},
	{"mptcp", mptcp},
	{"mptcp-connection", mptcp_connection},
	{"multicast-bound", multicast_bound},
	{"netlink", netlink},
	{"netlink-groups", netlink_groups},
	{"packet-ring", packet_ring},
	{"passed-descriptor", passed_descriptor},
	{"path-of-socket", path_of_socket},
	{"peer-client", peer_client},
	{"peer-same", peer_same},
	{"peer-user", peer_user},
	{"pipe-in-message", pipe_in_message},
	{"raw-socket", raw_socket},
	{"renamed-socket", renamed_socket},
	{"sockets", sockets},
	{"udp-broadcast", udp_broadcast},
	{"udp-connected", udp_connected},
	{"udp-unreachable", udp_unreachable},
	{"unaccepted", unaccepted},
	{"locked-connection", locked_connection},
	{"locked-listener", locked_listener},
	{"unix-outside", unix_outside},
	{"unix-outside-datagram", unix_outside_datagram},
	{"unlinked-socket", unlinked_socket},
	{"unread-datagram", unread_datagram},
	{"vsock", vsock},
	{"xdp", xdp},
	{0},
};
