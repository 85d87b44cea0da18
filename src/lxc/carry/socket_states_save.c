/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads what the container's sockets were told, for the image's file SOCKETS_NAME
 * (socket_states.h). Runs in the caller's process, as root on the host, in the walk beside CRIU
 * (standing_save.h). Works on copies of the processes' descriptors and changes nothing. What a new
 * socket of the same kind would say too is not saved. New sockets are made for that in the
 * container's network namespace, whose settings they follow.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/unix_listeners_save.h"
#include "carry/socket_states.h"
#include "carry/standing_save.h"
#include "carry/table_save.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define GROUPS_MAX (64 * 1024 * 1024) /* bytes of the kernel's lists */

/*
 * The kernel tells of a socket only whether it is in a group that one names. This many questions
 * take about a second.
 */
#define QUESTIONS_MAX 2000000

/* What a new socket says. */
struct reference {
	int domain, type, protocol;
	struct socket_value
		*values; /* one an option; len is 0 where the kernel has no such option */
};

/* A socket whose SO_PEEK_OFF CRIU may have been using at that moment. */
struct peeked {
	pid_t pid;     /* as the host sees it */
	size_t socket; /* of those found */
};

struct socket_reading {
	struct map seen; /* inodes */
	ino_t ns;	 /* the network namespace of the process that was looked at last ... */
	struct reference *references; /* ... its own */
	size_t n_references;
	struct multicast_groups groups;
	long questions;

	pid_t pid; /* the process that is looked at */
	struct standing *standing;
	int pidfd;

	struct socket_states found;
	struct peeked *peeked;
	size_t n_peeked;
	struct listeners listeners;
};

/* --- the network namespace ----------------------------------------------------------------------
 */

static void forget_namespace(struct socket_reading *r)
{
	for (size_t i = 0; i < r->n_references; i++) {
		for (size_t k = 0; k < n_socket_options; k++)
			free(r->references[i].values[k].bytes);
		free(r->references[i].values);
	}
	free(r->references);
	free(r->groups.v);
	r->references = NULL;
	r->n_references = 0;
	r->groups = (struct multicast_groups){0};
}

static void read_groups(struct socket_reading *r)
{
	_cleanup_free_ char *four = xasprintf("/proc/%d/net/igmp", (int)r->pid);
	_cleanup_free_ char *six = xasprintf("/proc/%d/net/igmp6", (int)r->pid);
	_cleanup_free_ char *text = NULL, *other = NULL;

	if (read_file_at(AT_FDCWD, four, GROUPS_MAX, &text) > 0)
		multicast_groups_add4(&r->groups, text);
	if (read_file_at(AT_FDCWD, six, GROUPS_MAX, &other) > 0)
		multicast_groups_add6(&r->groups, other);
}

/* Processes of one namespace mostly follow each other. */
static void look_at_namespace(struct socket_reading *r)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)r->pid);
	struct stat st;

	if (stat(path, &st) < 0 || st.st_ino == r->ns)
		return;
	forget_namespace(r);
	r->ns = st.st_ino;
	read_groups(r);
}

/* In the container's network namespace. */
static int open_new_socket(void *userdata)
{
	const struct reference *like = userdata;
	int fd = socket(like->domain, like->type | SOCK_CLOEXEC, like->protocol);

	/* those of ping are for some groups only; they begin like others of their family */
	if (fd < 0 && (like->domain == AF_INET || like->domain == AF_INET6))
		fd = socket(like->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* --- one socket ---------------------------------------------------------------------------------
 */

static size_t read_value(int fd, const struct socket_option *o, void *ret)
{
	socklen_t len = o->size;

	return getsockopt(fd, o->level, o->option, ret, &len) == 0 && len <= o->size ? len : 0;
}

/* Of all options, so that it is good for a connection too. */
static void read_reference(const struct socket_reading *r, struct reference *ret)
{
	_cleanup_close_ int netns = netns_open(r->pid);
	_cleanup_close_ int fd = netns < 0 ? netns : netns_call(netns, open_new_socket, ret);
	unsigned char bytes[SOCKET_VALUE_MAX];

	ret->values = xcalloc(n_socket_options, sizeof(*ret->values));
	for (size_t i = 0; fd >= 0 && i < n_socket_options; i++) {
		socklen_t len = socket_options[i].size;

		/* there is such an option, even if it has no value so far */
		if (getsockopt(fd, socket_options[i].level, socket_options[i].option, bytes, &len) <
		    0)
			continue;
		ret->values[i].bytes = xcalloc(1, len + 1UL);
		ret->values[i].len = len;
		memcpy(ret->values[i].bytes, bytes, len);
	}
}

/* Not freed before the namespace is forgotten. */
static const struct socket_value *reference_of(struct socket_reading *r,
					       const struct socket_state *s)
{
	/* a packet socket has any of 65536, which make no difference */
	const int protocol = s->domain == AF_PACKET ? 0 : s->protocol;
	struct reference *found = NULL;

	for (size_t i = 0; !found && i < r->n_references; i++)
		if (r->references[i].domain == s->domain && r->references[i].type == s->type &&
		    r->references[i].protocol == protocol)
			found = &r->references[i];
	if (!found) {
		found = ARRAY_ADD(r->references, r->n_references);
		*found = (struct reference){s->domain, s->type, protocol, NULL};
		read_reference(r, found);
	}
	return found->values;
}

static bool is_usual(const struct socket_option *o, const void *bytes, size_t len)
{
	int value;

	if (o->usual == SOCKET_NO_USUAL || len != sizeof(value))
		return false;
	memcpy(&value, bytes, sizeof(value));
	return value == o->usual;
}

static void read_options(int fd, enum socket_kind kind, const struct socket_value *new,
			 struct socket_state *s)
{
	unsigned char bytes[SOCKET_VALUE_MAX];

	for (size_t i = 0; i < n_socket_options; i++) {
		const struct socket_option *o = &socket_options[i];
		size_t len;

		if (!(o->kinds & kind) || !new[i].bytes)
			continue;
		len = read_value(fd, o, bytes);
		if (len == 0 || is_usual(o, bytes, len) ||
		    (len == new[i].len && memcmp(bytes, new[i].bytes, len) == 0))
			continue;
		*ARRAY_ADD(s->values, s->n_values) =
			(struct socket_value){.option = i, .len = len, .bytes = xcalloc(1, len)};
		memcpy(s->values[s->n_values - 1].bytes, bytes, len);
	}
}

static struct in6_addr address_of(const struct sockaddr_storage *s)
{
	struct in6_addr a = {0};

	if (s->ss_family == AF_INET)
		memcpy(&a, &((const struct sockaddr_in *)s)->sin_addr, sizeof(struct in_addr));
	else
		a = ((const struct sockaddr_in6 *)s)->sin6_addr;
	return a;
}

static struct sockaddr_storage group_address(const struct multicast_group *g)
{
	struct sockaddr_storage s = {.ss_family = (sa_family_t)g->family};

	if (g->family == AF_INET)
		memcpy(&((struct sockaddr_in *)&s)->sin_addr, &g->group, sizeof(struct in_addr));
	else
		((struct sockaddr_in6 *)&s)->sin6_addr = g->group;
	return s;
}

/* Whether a socket is in the group; if so it is added. */
static bool read_member(int fd, const struct multicast_group *g, struct socket_state *s)
{
	union {
		struct group_filter filter;
		char space[GROUP_FILTER_SIZE(SOCKET_SOURCES_MAX)];
	} u = {.filter = {.gf_interface = g->interface,
			  .gf_numsrc = SOCKET_SOURCES_MAX,
			  .gf_group = group_address(g)}};
	int level = g->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	socklen_t len = sizeof(u);
	struct socket_member *m;

	if (getsockopt(fd, level, MCAST_MSFILTER, &u, &len) < 0)
		return false;
	m = ARRAY_ADD(s->members, s->n_members);
	*m = (struct socket_member){.interface = g->interface,
				    .family = g->family,
				    .group = g->group,
				    .exclude = u.filter.gf_fmode == MCAST_EXCLUDE};
	for (size_t i = 0; i < MIN(u.filter.gf_numsrc, SOCKET_SOURCES_MAX); i++)
		*ARRAY_ADD(m->sources, m->n) = address_of(&u.filter.gf_slist[i]);
	return true;
}

/* A group whose sockets have all been found is not asked for again. */
static void read_members(struct socket_reading *r, int fd, struct socket_state *s)
{
	for (size_t i = 0; i < r->groups.n; i++) {
		struct multicast_group *g = &r->groups.v[i];

		if ((g->family == AF_INET6 && s->domain == AF_INET) || g->users == 0 ||
		    r->questions >= QUESTIONS_MAX)
			continue;
		r->questions++;
		if (read_member(fd, g, s))
			g->users--;
	}
}

static bool read_int(int fd, int name, int *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, name, ret, &len) == 0;
}

static bool is_connected(int fd, const struct socket_state *s)
{
	struct sockaddr_storage peer;
	struct tcp_info info = {0};
	socklen_t len = sizeof(info.tcpi_state);

	if (s->domain != AF_INET && s->domain != AF_INET6)
		return false;
	if (s->protocol == IPPROTO_TCP)
		return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
		       info.tcpi_state != TCP_CLOSE && info.tcpi_state != TCP_LISTEN;
	len = sizeof(peer);
	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

static void read_socket(struct socket_reading *r, int fd, struct socket_state *s)
{
	enum socket_kind kind;

	if (!read_int(fd, SO_DOMAIN, &s->domain) || !read_int(fd, SO_TYPE, &s->type) ||
	    !read_int(fd, SO_PROTOCOL, &s->protocol))
		return;
	kind = socket_kind(s->domain, s->type, s->protocol, is_connected(fd, s));
	if (kind == SOCKET_UNKNOWN)
		return;
	read_options(fd, kind, reference_of(r, s), s);
	if (kind & (SOCKET_UDP | SOCKET_CONNECTED_UDP | SOCKET_UDPLITE | SOCKET_RAW))
		read_members(r, fd, s);
}

/* --- all of them --------------------------------------------------------------------------------
 */

static struct socket_value *peek_offset(const struct socket_state *s)
{
	for (size_t i = 0; i < s->n_values; i++)
		if (socket_options[s->values[i].option].level == SOL_SOCKET &&
		    socket_options[s->values[i].option].option == SO_PEEK_OFF)
			return &s->values[i];
	return NULL;
}

/* Keeps it if it was told something. */
static void keep_socket(struct socket_reading *r, int number, struct socket_state *s)
{
	if (s->n_values == 0 && s->n_members == 0)
		return;
	s->pid = standing_inner_id(r->standing);
	s->fd = number;
	if (peek_offset(s))
		*ARRAY_ADD(r->peeked, r->n_peeked) = (struct peeked){r->pid, r->found.n};
	*ARRAY_ADD(r->found.v, r->found.n) = *s;
}

static void look_at_socket(struct socket_reading *r, int number)
{
	_cleanup_close_ int fd = -1;
	struct socket_state state = {0};
	struct listener listener;

	if (r->pidfd < 0) {
		r->pidfd = pidfd_open_pid(r->pid);
		look_at_namespace(r);
	}
	fd = (int)syscall(SYS_pidfd_getfd, r->pidfd, number, 0);
	if (fd < 0)
		return;
	read_socket(r, fd, &state);
	keep_socket(r, number, &state);
	if (state.domain == AF_UNIX && listener_read(fd, &listener)) {
		listener.pid = standing_inner_id(r->standing);
		listener.fd = number;
		*ARRAY_ADD(r->listeners.v, r->listeners.n) = listener;
	}
}

/* "socket:[4711]"; 0: another kind of file. */
static unsigned long socket_inode(int dirfd, const char *name)
{
	static const char socket[] = "socket:[";
	char link[64] = "";

	if (readlinkat(dirfd, name, link, sizeof(link) - 1) <= 0 ||
	    strncmp(link, socket, strlen(socket)) != 0)
		return 0;
	return strtoul(link + strlen(socket), NULL, 10);
}

/*
 * Each socket once, whoever else has it. One that CRIU uses to talk to its code in the process may
 * be among them: nothing was told to that.
 */
static void read_process(struct socket_reading *r)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)r->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;

	while (dir && !standing_is_over(r->standing) && (e = readdir(dir))) {
		const unsigned long inode = socket_inode(dirfd(dir), e->d_name);

		if (inode && map_add(&r->seen, inode, 0))
			look_at_socket(r, (int)strtol(e->d_name, NULL, 10));
	}
	fd_close(&r->pidfd);
}

/* The threads of a process have its descriptors. */
void sockets_look(struct saving *saving, struct standing *s)
{
	struct socket_reading *r = saving->sockets;

	if (s->tid != s->pid || r->questions >= QUESTIONS_MAX)
		return;
	r->pid = s->pid;
	r->standing = s;
	read_process(r);
}

/*
 * To read what waits in a Unix socket CRIU sets SO_PEEK_OFF, and sets it back. A socket that said
 * that nothing is set was right.
 */
static void peek_again(struct socket_reading *r)
{
	for (size_t i = 0; i < r->n_peeked; i++) {
		struct socket_state *s = &r->found.v[r->peeked[i].socket];
		_cleanup_close_ int pidfd = pidfd_open_pid(r->peeked[i].pid);
		_cleanup_close_ int fd = (int)syscall(SYS_pidfd_getfd, pidfd, s->fd, 0);
		struct socket_value *v = peek_offset(s);
		int value;

		if (fd < 0 || !read_int(fd, SO_PEEK_OFF, &value))
			continue;
		memcpy(v->bytes, &value, sizeof(value));
		if (value >= 0)
			continue;
		free(v->bytes);
		memmove(v, v + 1, (size_t)(s->values + s->n_values - (v + 1)) * sizeof(*v));
		s->n_values--;
	}
}

int sockets_begin(struct saving *s, struct error **reterr)
{
	(void)reterr;
	s->sockets = xcalloc(1, sizeof(*s->sockets));
	s->sockets->pidfd = -1;
	return 0;
}

int sockets_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	int e;

	if (s->sockets->questions >= QUESTIONS_MAX)
		return error_set(reterr, E2BIG,
				 "the container's sockets are in more multicast groups than can be "
				 "told apart in time");
	peek_again(s->sockets);
	text = socket_states_format(&s->sockets->found);
	/* a restore would not take it */
	if (strlen(text) > SOCKETS_MAX)
		return error_set(reterr, E2BIG,
				 "the container's sockets have more options and multicast groups "
				 "than can be saved");
	e = image_write(s->image, SOCKETS_NAME, text, reterr);
	return e < 0 ? e : listeners_write(s, &s->sockets->listeners, reterr);
}

void sockets_end(struct saving *s)
{
	struct socket_reading *r = s->sockets;

	if (!r)
		return;
	forget_namespace(r);
	map_clear(&r->seen);
	socket_states_clear(&r->found);
	free(r->peeked);
	listeners_clear(&r->listeners);
	free(r);
	s->sockets = NULL;
}
