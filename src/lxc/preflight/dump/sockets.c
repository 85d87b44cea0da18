/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the kinds of sockets, and the peers of Unix sockets. Runs in the command, as root of the
 * host, on copies of the container's sockets.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
/* of the kernel, which has them in no header of its own for programs */
#define SHUT_BOTH_WAYS 3
#ifndef AF_XDP
#define AF_XDP 44
#endif

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE 0x89e0
#endif

#define NETLINK_WORDS 64 /* 2048 groups; far fewer exist */
#define ANSWER_SIZE   32768
#define FDINFO_MAX    65536

static const char stop[] = "stop that process";

static const struct {
	int domain;
	const char *what, *remedy;
} known_domains[] = {
	{AF_VSOCK, "a socket to the virtual machine's host (vsock)",
	 "stop the service that listens on it"},
	{AF_ALG, "a socket of the kernel's cryptography (AF_ALG)", stop},
	{AF_XDP, "an XDP socket", stop},
	{AF_TIPC, "a TIPC socket", stop},
	{AF_KEY, "an IPsec key socket (AF_KEY)", stop},
	{AF_BLUETOOTH, "a Bluetooth socket", stop},
	{AF_CAN, "a CAN socket", stop},
};

static const char *unsupported_inet(int type, int protocol, const char **ret_remedy)
{
	*ret_remedy = stop;
	if (type == SOCK_RAW)
		return NULL;
	switch (protocol) {
	case IPPROTO_IP:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return type == SOCK_STREAM || type == SOCK_DGRAM ? NULL : "a socket of a rare type";
	/* ping without privileges */
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return NULL;
	case IPPROTO_MPTCP:
		*ret_remedy = "switch it off, and start that program again: in the container by "
			      "sysctl net.mptcp.enabled=0, by lxc.include = " LXC_CHECKPOINT_CONF
			      " in its config, or by GODEBUG=multipathtcp=0 for programs in Go";
		return "a Multipath TCP socket";
	case IPPROTO_SCTP:
		return "an SCTP socket";
	default:
		return "a socket of a rare protocol";
	}
}

const char *unsupported_socket(int domain, int type, int protocol, const char **ret_remedy)
{
	*ret_remedy = stop;
	switch (domain) {
	case AF_UNIX:
	case AF_NETLINK:
	case AF_PACKET:
		return NULL;
	case AF_INET:
	case AF_INET6:
		return unsupported_inet(type, protocol, ret_remedy);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(known_domains) / sizeof(known_domains[0]); i++)
		if (known_domains[i].domain == domain) {
			*ret_remedy = known_domains[i].remedy;
			return known_domains[i].what;
		}
	return "a socket of a rare family";
}

int socket_number(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* CRIU keeps only the first 32 groups, and only if the socket has an address. */
static void check_netlink(struct survey *s, const struct process *p, int fd)
{
	uint32_t groups[NETLINK_WORDS] = {0};
	struct sockaddr_nl address = {0};
	socklen_t len = sizeof(groups), address_len = sizeof(address);
	bool any = false, far = false;

	if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) < 0)
		return;
	for (size_t i = 0; i < NETLINK_WORDS; i++) {
		any = any || groups[i];
		far = far || (i > 0 && groups[i]);
	}
	if (far || (any && address.nl_pid == 0))
		findings_add(s->found,
			     FINDING("socket-kind", FINDING_BLOCKS, stop, OF_PROCESS(s, p)),
			     "listens to kernel messages (netlink) in a way that CRIU cannot save");
}

/* Behind the last slash. */
static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool has_another_name(const char *bound, const char *found, bool has_links)
{
	/* a socket without a name accepts no clients anyway */
	if (length_before(found, LINK_DELETED) > 0)
		return has_links;
	return strcmp(last_part(bound), last_part(found)) != 0;
}

/*
 * CRIU binds a socket to its first name. Some programs bind a socket to another name first, and
 * then rename or link it: haproxy, supervisord, ssh with ControlMaster.
 */
static void check_socket_name(struct survey *s, const struct process *p, int fd)
{
	struct sockaddr_un address = {0};
	socklen_t len = sizeof(address) - 1; /* to limit the answer */
	char found[PATH_MAX + 1] = "";
	_cleanup_free_ char *link = NULL;
	_cleanup_close_ int file = -1;
	struct stat st;

	if ((socket_number(fd, SO_TYPE) != SOCK_DGRAM && socket_number(fd, SO_ACCEPTCONN) != 1) ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 || !address.sun_path[0])
		return;
	check_socket_folder(s, p, fd, address.sun_path);
	file = ioctl(fd, SIOCUNIXFILE);
	if (file < 0 || stat_without_sync(file, &st) < 0)
		return;
	link = xasprintf("/proc/self/fd/%d", file);
	if (readlink(link, found, sizeof(found) - 1) > 0 &&
	    has_another_name(address.sun_path, found, st.st_nlink > 0))
		findings_add(s->found,
			     FINDING("socket-name", FINDING_WARNING,
				     "restart that program after a restore", OF_PROCESS(s, p)),
			     "listens on a Unix socket whose name has changed since it was bound "
			     "(%s): after a restore no client could reach it",
			     address.sun_path);
}

/* Since Linux 6.16 only Unix and netlink sockets have SO_PASSCRED; an older CRIU asks all sockets.
 */
static bool is_too_new(const struct survey *s, int fd)
{
	return !is_fixed(s, CRIU_NO_PASSCRED) && socket_number(fd, SO_PASSCRED) < 0 &&
	       errno == EOPNOTSUPP;
}

static void found_too_new(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *install = criu_feature_remedy(CRIU_NO_PASSCRED);
	_cleanup_free_ char *remedy = xasprintf(
		"%s, or boot the kernel of the distribution that this one came with", install);

	findings_add(s->found, FINDING("socket-kind", FINDING_BLOCKS, remedy, OF_PROCESS(s, p)),
		     "has a socket open, which this CRIU cannot save on this kernel");
}

static bool is_harmless(struct survey *s, ino_t inode)
{
	if (s->connections == ANSWER_UNKNOWN) {
		s->connections = is_fixed(s, CRIU_NO_PASSCRED) ? ANSWER_YES : ANSWER_NO;
		if (s->connections == ANSWER_YES)
			survey_connections(s);
	}
	return map_get(&s->harmless, inode, NULL);
}

static void check_internet_socket(struct survey *s, const struct process *p, int number, int fd,
				  ino_t inode)
{
	struct socket_answers answers;
	bool lost = s->scout.lost;
	int r = scout_socket(&s->scout, p->pid, number, inode, &answers);

	if (r == -ETIMEDOUT && !lost)
		findings_add(
			s->found,
			FINDING("socket-locked", FINDING_BLOCKS, SOCKET_LOCKED_HINT,
				OF_PROCESS(s, p)),
			"has a socket open (descriptor %d) that a system call keeps locked, so "
			"CRIU could not save it",
			number);
	if (r < 0)
		return;
	check_socket_address(s, p, number, fd, &answers);
	check_waiting_data(s, p, inode, &answers);
}

/* CRIU makes sockets in those namespaces that processes are in, and no others. */
static bool is_of_other_network(const struct survey *s, int fd)
{
	_cleanup_close_ int netns = ioctl(fd, SIOCGSKNS);
	struct stat st;

	return netns >= 0 && fstat(netns, &st) == 0 && !map_get(&s->namespaces, st.st_ino, NULL);
}

static void found_other_network(struct survey *s, const struct process *p)
{
	findings_add(s->found,
		     FINDING("outside-socket", FINDING_BLOCKS,
			     "stop that process, or redirect its input and output to files of the "
			     "container",
			     OF_PROCESS(s, p)),
		     "has a socket of the host's network namespace, or of one without processes of "
		     "the container, open");
}

static void note_unix_socket(struct survey *s, const struct process *p, int fd,
			     const struct stat *st)
{
	map_add(&s->unix_by_inode, st->st_ino, s->n_unix_sockets);
	*ARRAY_ADD(s->unix_sockets, s->n_unix_sockets) = (struct unix_socket){
		.process = p, .fd = fd, .dev = st->st_dev, .inode = st->st_ino};
}

void check_socket(struct survey *s, const struct process *p, int fd, ino_t inode)
{
	/* our own descriptor for the same socket: the kernel offers no other way to ask */
	_cleanup_close_ int copy =
		is_harmless(s, inode) ? -1 : copy_descriptor(s, p, fd, S_IFSOCK, inode);
	const char *what, *remedy;
	struct stat st;
	int domain;

	if (copy < 0 || fstat(copy, &st) < 0)
		return; /* or it is closed by now */
	domain = socket_number(copy, SO_DOMAIN);
	if (domain < 0)
		return;
	what = unsupported_socket(domain, socket_number(copy, SO_TYPE),
				  socket_number(copy, SO_PROTOCOL), &remedy);
	if (what) {
		findings_add(s->found,
			     FINDING("socket-kind", FINDING_BLOCKS, remedy, OF_PROCESS(s, p)),
			     "has %s open, which CRIU cannot save", what);
	} else if (is_of_other_network(s, copy)) {
		found_other_network(s, p);
	} else if (is_too_new(s, copy)) {
		found_too_new(s, p);
	} else if (domain == AF_UNIX) {
		check_socket_name(s, p, copy);
		check_peer_user(s, p, copy);
		check_unread_senders(s, p, copy);
		note_unix_socket(s, p, fd, &st);
	} else if (domain == AF_NETLINK) {
		check_netlink(s, p, copy);
	} else if (domain == AF_INET || domain == AF_INET6) {
		check_internet_socket(s, p, fd, copy, inode);
	}
}

/* --- the other end of Unix sockets
 * ---------------------------------------------------------------- */

struct pair {
	ino_t inode, peer; /* 0: none */
	/* a connection whose other end is no socket yet: no process has accepted it */
	bool is_waiting;
	bool has_sent; /* data that no process has received */
};

struct pairs {
	struct pair *v;
	size_t n;
	struct map queued; /* the inodes that wait at a socket of the container */
};

static void read_attribute(const struct unix_diag_msg *m, struct rtattr *a, struct pair *pair,
			   struct pairs *ret)
{
	const uint32_t *value = RTA_DATA(a);

	switch (a->rta_type) {
	case UNIX_DIAG_PEER:
		pair->peer = *value;
		break;
	case UNIX_DIAG_SHUTDOWN:
		/* what the other end has closed is shut down in both directions */
		pair->is_waiting = m->udiag_state == TCP_ESTABLISHED &&
				   m->udiag_type != SOCK_DGRAM &&
				   *(const uint8_t *)RTA_DATA(a) != SHUT_BOTH_WAYS;
		break;
	case UNIX_DIAG_RQLEN:
		pair->has_sent = ((const struct unix_diag_rqlen *)RTA_DATA(a))->udiag_wqueue > 0;
		break;
	case UNIX_DIAG_ICONS:
		for (size_t i = 0; i < RTA_PAYLOAD(a) / sizeof(*value); i++)
			if (value[i])
				map_add(&ret->queued, value[i], 0);
		break;
	default:
		break;
	}
}

/* true: there may be more */
static bool read_pairs(void *answer, size_t len, struct pairs *ret)
{
	struct nlmsghdr *h = answer;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		struct unix_diag_msg *m = NLMSG_DATA(h);
		struct rtattr *a = (struct rtattr *)(void *)(m + 1);
		int left = (int)h->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*m));
		struct pair *pair;

		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return false;
		pair = ARRAY_ADD(ret->v, ret->n);
		pair->inode = m->udiag_ino;
		for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
			read_attribute(m, a, pair, ret);
	}
	return true;
}

static void list_pairs(pid_t pid, struct pairs *ret)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} ask = {
		.header = {.nlmsg_len = sizeof(ask),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = ~0U,
			    .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN},
	};
	_cleanup_free_ char *answer = xcalloc(1, ANSWER_SIZE);
	_cleanup_close_ int fd = netns_netlink_socket(pid, NETLINK_SOCK_DIAG);
	ssize_t n = fd < 0 ? -1 : send(fd, &ask, sizeof(ask), 0);

	while (n > 0) {
		n = recv(fd, answer, ANSWER_SIZE, 0);
		if (n > 0 && !read_pairs(answer, (size_t)n, ret))
			return;
	}
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static const struct pair *pair_of(const struct pairs *pairs, ino_t inode)
{
	const struct pair key = {.inode = inode};

	if (pairs->n == 0)
		return NULL;
	return bsearch(&key, pairs->v, pairs->n, sizeof(key), compare_pairs);
}

/* In every network namespace of the container's processes. */
static void list_all_pairs(const struct survey *s, struct pairs *ret)
{
	_cleanup_map_ struct map seen = {0};

	for (size_t i = 0; i < s->n_processes; i++) {
		ino_t ns = s->processes[i].ns[NS_NET];

		if (s->processes[i].in_tree && ns && map_add(&seen, ns, 0))
			list_pairs(s->processes[i].pid, ret);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_pairs);
}

static bool any_is_passed(const struct survey *s)
{
	for (size_t i = 0; i < s->n_unix_sockets; i++) {
		const struct unix_socket *u = &s->unix_sockets[i];
		_cleanup_free_ char *path =
			xasprintf("/proc/%d/fdinfo/%d", (int)u->process->pid, u->fd);
		_cleanup_free_ char *info = NULL;

		if (read_file_at(AT_FDCWD, path, FDINFO_MAX, &info) > 0 &&
		    field_number(info, "scm_fds", 10) > 0)
			return true;
	}
	return false;
}

bool descriptors_are_passed(struct survey *s)
{
	if (s->any_is_passed == ANSWER_UNKNOWN)
		s->any_is_passed = any_is_passed(s) ? ANSWER_YES : ANSWER_NO;
	return s->any_is_passed == ANSWER_YES;
}

/*
 * Whether no process of the container has the other end. A socket that a server of the host
 * accepted is nevertheless in the container's network namespace.
 */
static bool is_outside(struct survey *s, const struct pairs *pairs, ino_t peer)
{
	if (map_get(&s->unix_by_inode, peer, NULL))
		return false;
	if (!pair_of(pairs, peer))
		return true;
	return !descriptors_are_passed(s);
}

static void pairs_clear(struct pairs *pairs)
{
	free(pairs->v);
	map_clear(&pairs->queued);
	*pairs = (struct pairs){0};
}

/* Whether a socket waits to be accepted, and not by a process of the container. */
static bool waits_outside(const struct pairs *pairs, ino_t inode)
{
	const struct pair *own = pair_of(pairs, inode);

	return own && own->is_waiting && !own->peer && !map_get(&pairs->queued, inode, NULL);
}

/* A process of the container may accept while the kernel makes the list: it takes two lists. */
static bool still_waits_outside(const struct survey *s, const struct pairs *pairs,
				struct pairs *again, ino_t inode)
{
	if (!waits_outside(pairs, inode))
		return false;
	if (!again->n)
		list_all_pairs(s, again);
	return waits_outside(again, inode);
}

static bool has_unaccepted_data(const struct pairs *pairs, ino_t inode)
{
	const struct pair *own = pair_of(pairs, inode);

	return own && own->is_waiting && !own->peer && own->has_sent &&
	       map_get(&pairs->queued, inode, NULL);
}

static void check_unaccepted_data(struct survey *s, const struct pairs *pairs,
				  const struct unix_socket *u)
{
	struct pairs now = {0};
	bool lost = has_unaccepted_data(pairs, u->inode);

	while (lost && survey_waits(s)) {
		pairs_clear(&now);
		list_all_pairs(s, &now);
		lost = has_unaccepted_data(&now, u->inode);
	}
	pairs_clear(&now);
	s->descriptor = u->fd + 1;
	if (lost)
		found_unaccepted_data(s, u->process);
	s->descriptor = 0;
}

/* A connection whose other end no process of the container was seen to have. */
struct suspects {
	struct sought *v;
	size_t n;
};

static void add_suspect(struct suspects *all, const struct unix_socket *u, size_t index, ino_t peer)
{
	*ARRAY_ADD(all->v, all->n) = (struct sought){
		.key = sought_key(u->dev, peer),
		.wanted = ACCESS_READ | ACCESS_WRITE,
		.index = index,
	};
}

static void list_suspects(struct survey *s, struct suspects *ret)
{
	struct pairs pairs = {0}, again = {0};

	if (s->n_unix_sockets)
		list_all_pairs(s, &pairs);
	for (size_t i = 0; i < s->n_unix_sockets; i++) {
		const struct unix_socket *u = &s->unix_sockets[i];
		const struct pair *own = pair_of(&pairs, u->inode);

		if (own && own->peer && is_outside(s, &pairs, own->peer))
			add_suspect(ret, u, i, own->peer);
		else if (still_waits_outside(s, &pairs, &again, u->inode))
			add_suspect(ret, u, i, 0);
		check_unaccepted_data(s, &pairs, u);
	}
	pairs_clear(&pairs);
	pairs_clear(&again);
}

/* It may just have been closed. */
static bool still_has(const struct unix_socket *u)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd/%d", (int)u->process->pid, u->fd);
	/* by now it may be a file that would not answer */
	_cleanup_close_ int file = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	return file >= 0 && stat_without_sync(file, &st) == 0 && st.st_ino == u->inode &&
	       st.st_dev == u->dev;
}

/*
 * A connection to the outside, for example to a socket of the host that is mounted into the
 * container. A process of the container that was not there yet may have the other end.
 */
void check_unix_peers(struct survey *s)
{
	struct suspects all = {0};

	list_suspects(s, &all);
	if (all.n) {
		look_again(s, all.v, all.n);
		look_outside(s, all.v, all.n);
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct unix_socket *u = &s->unix_sockets[all.v[i].index];
		_cleanup_free_ char *who = holder_text(&all.v[i]);

		if (all.v[i].access || !still_has(u))
			continue;
		s->descriptor = u->fd + 1;
		findings_add(s->found,
			     FINDING("unix-peer", FINDING_BLOCKS,
				     "close that connection, or stop that process; a socket of the "
				     "host that is mounted into the container causes it",
				     OF_PROCESS(s, u->process)),
			     "is connected through a Unix socket to a process outside of the "
			     "container%s",
			     who);
	}
	s->descriptor = 0;
	free(all.v);
}
