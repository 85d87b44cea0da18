/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tells the container's sockets again what they were told. Runs in the monitor, as root on the
 * host, on copies of the processes' descriptors, before any process runs. What this kernel does not
 * have (an option, a congestion control) is logged: the socket goes without.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/socket_states.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

static void log_failure(const struct socket_state *s, const char *what)
{
	log_at(LOG_LEVEL_WARN, "A socket of process %d (descriptor %d) goes without %s: %s",
	       (int)s->pid, s->fd, what, strerror(errno));
}

static bool is_same_kind(int fd, const struct socket_state *s)
{
	const struct {
		int name, value;
	} wanted[] = {{SO_DOMAIN, s->domain}, {SO_TYPE, s->type}, {SO_PROTOCOL, s->protocol}};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int value;
		socklen_t len = sizeof(value);

		if (getsockopt(fd, SOL_SOCKET, wanted[i].name, &value, &len) < 0 ||
		    value != wanted[i].value)
			return false;
	}
	return true;
}

static void set_options(int fd, const struct socket_state *s)
{
	int priority;
	socklen_t len = sizeof(priority);
	bool known = getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, &len) == 0;

	for (size_t i = 0; i < s->n_values; i++) {
		const struct socket_value *v = &s->values[i];
		const struct socket_option *o = &socket_options[v->option];

		if (setsockopt(fd, o->level, o->option, v->bytes, (socklen_t)v->len) < 0)
			log_failure(s, o->name);
	}
	/* IP_TOS changes it, and CRIU has set it */
	if (known)
		setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}

static void set_address(int family, const struct in6_addr *a, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)ret)->sin_addr, a, sizeof(struct in_addr));
	else
		((struct sockaddr_in6 *)ret)->sin6_addr = *a;
}

static int set_sources(int fd, int level, const struct socket_member *m)
{
	union {
		struct group_filter filter;
		char space[GROUP_FILTER_SIZE(SOCKET_SOURCES_MAX)];
	} u = {.filter = {.gf_interface = m->interface,
			  .gf_fmode = m->exclude ? MCAST_EXCLUDE : MCAST_INCLUDE,
			  .gf_numsrc = (uint32_t)m->n}};

	set_address(m->family, &m->group, &u.filter.gf_group);
	for (size_t i = 0; i < m->n; i++)
		set_address(m->family, &m->sources[i], &u.filter.gf_slist[i]);
	return setsockopt(fd, level, MCAST_MSFILTER, &u, (socklen_t)GROUP_FILTER_SIZE(m->n));
}

static void join(int fd, const struct socket_state *s, const struct socket_member *m)
{
	int level = m->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	struct group_req group = {.gr_interface = m->interface};

	set_address(m->family, &m->group, &group.gr_group);
	if ((setsockopt(fd, level, MCAST_JOIN_GROUP, &group, sizeof(group)) < 0 &&
	     errno != EADDRINUSE) ||
	    (!MEMBERSHIP_IS_EVERYBODY(m) && set_sources(fd, level, m) < 0))
		log_failure(s, "its multicast group");
}

static void set_socket(int pidfd, const struct socket_state *s)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_getfd, pidfd, s->fd, 0);

	if (fd < 0 || !is_same_kind(fd, s)) {
		errno = fd < 0 ? errno : EBADF;
		log_failure(s, "its options");
		return;
	}
	set_options(fd, s);
	for (size_t i = 0; i < s->n_members; i++)
		join(fd, s, &s->members[i]);
}

static int add_process(pid_t pid, void *userdata)
{
	struct map *by_number = userdata;
	pid_t inner = process_inner_id(pid);

	if (inner > 0)
		map_add(by_number, (uint64_t)inner, (size_t)pid);
	return 0;
}

/* Those of one process follow each other. */
static void set_all(const struct socket_states *all, const struct map *by_number)
{
	int pidfd = -1;

	for (size_t i = 0; i < all->n; i++) {
		const struct socket_state *s = &all->v[i];
		size_t pid = 0;

		if (i == 0 || all->v[i - 1].pid != s->pid) {
			fd_close(&pidfd);
			if (map_get(by_number, (uint64_t)s->pid, &pid))
				pidfd = pidfd_open_pid((pid_t)pid);
		}
		set_socket(pidfd, s);
	}
	fd_close(&pidfd);
}

int sockets_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_socket_states_ struct socket_states all = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_map_ struct map by_number = {0};
	size_t len = 0;
	int e = image_read(r->image, r->manifest, SOCKETS_NAME, SOCKETS_MAX, &text, &len, reterr);

	if (e < 0 || !text)
		return e;
	if (socket_states_parse(text, len, &all) < 0)
		return error_set(reterr, EBADMSG, "%s/%s is damaged", r->image->path, SOCKETS_NAME);
	if (all.n == 0)
		return 0;
	for_each_process(init, add_process, &by_number);
	set_all(&all, &by_number);
	return 0;
}
