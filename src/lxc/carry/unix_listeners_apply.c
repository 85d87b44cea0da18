/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Has Unix sockets listen again, as the user and process that did before. A child of the monitor,
 * root on the host, injects the calls at post-restore: processes still are root in the container
 * and wait in CRIU's code, which gives them their IDs later. No client can connect meanwhile.
 * Where this is not possible (another architecture; init, which CRIU traces), the child itself
 * listens as that user, and clients are told of no process.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/unix_listeners.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/inject.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define AS_BEFORE     ((unsigned long)-1)
#define ANSWER_SIZE   4096
#define SOCKET_PREFIX "socket:["

/* --- in a child of the monitor --- */

struct giving {
	const struct container_facts *facts;
	struct map by_number; /* the host's PID of each process */
	pid_t init;
	pid_t sockets_of;   /* the process whose descriptors were looked at last ... */
	struct map sockets; /* ... and these, by the sockets' inodes */
};

/* One listening socket. */
struct target {
	const struct listener *l;
	int copy; /* of its descriptor */
	ino_t inode;
	int backlog;
	pid_t pid; /* the process that is to listen, as the host sees it ... */
	int fd;	   /* ... and its descriptor there */
};

static bool is_right(const struct giving *g, const struct listener *l, int copy, bool *ret_user)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	size_t by = 0;

	if (getsockopt(copy, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	*ret_user = cred.uid == id_outside(g->facts, 'u', l->uid) &&
		    cred.gid == id_outside(g->facts, 'g', l->gid);
	return *ret_user &&
	       (!map_get(&g->by_number, (uint64_t)l->by, &by) || (pid_t)by == cred.pid);
}

/* The answer has one message, with one attribute. */
static int read_backlog(const char *answer, size_t len)
{
	const size_t start = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
	struct nlmsghdr header;
	struct nlattr attribute;
	struct unix_diag_rqlen lengths;

	if (len < start + NLA_HDRLEN + sizeof(lengths))
		return -1;
	memcpy(&header, answer, sizeof(header));
	memcpy(&attribute, answer + start, sizeof(attribute));
	memcpy(&lengths, answer + start + NLA_HDRLEN, sizeof(lengths));
	if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || attribute.nla_type != UNIX_DIAG_RQLEN)
		return -1;
	return (int)lengths.udiag_wqueue;
}

/* CRIU has restored it; -1: the kernel does not tell. */
static int ask_backlog(pid_t pid, ino_t inode)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} ask = {
		.header = {.nlmsg_len = sizeof(ask),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = ~0U,
			    .udiag_ino = (uint32_t)inode,
			    .udiag_show = UDIAG_SHOW_RQLEN,
			    .udiag_cookie = {~0U, ~0U}},
	};
	_cleanup_close_ int fd = netns_netlink_socket(pid, NETLINK_SOCK_DIAG);
	char answer[ANSWER_SIZE] = "";
	ssize_t n = fd < 0 ? -1 : send(fd, &ask, sizeof(ask), 0);

	if (n > 0)
		n = recv(fd, answer, sizeof(answer), 0);
	return n > 0 ? read_backlog(answer, (size_t)n) : -1;
}

/* Makes known which descriptors a process has for sockets. */
static void note_sockets(struct giving *g, pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;

	map_clear(&g->sockets);
	g->sockets_of = pid;
	while (dir && (e = readdir(dir))) {
		char link[64] = "";

		if (readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1) > 0 &&
		    strncmp(link, SOCKET_PREFIX, strlen(SOCKET_PREFIX)) == 0)
			map_add(&g->sockets, strtoul(link + strlen(SOCKET_PREFIX), NULL, 10),
				(size_t)strtoul(e->d_name, NULL, 10));
	}
}

/* The descriptor of a socket in a process; -1: it has none. */
static int find_socket(struct giving *g, pid_t pid, ino_t inode)
{
	size_t fd;

	if (g->sockets_of != pid)
		note_sockets(g, pid);
	return map_get(&g->sockets, inode, &fd) ? (int)fd : -1;
}

static long call(struct injection *t, long number, unsigned long first, unsigned long second,
		 unsigned long third)
{
	const unsigned long args[INJECT_ARGS] = {first, second, third};
	long result = -1;
	int r = inject_now(t, number, args, &result);

	return r < 0 ? r : result;
}

/* It is root by now, and becomes root again. */
static int listen_there(struct injection *t, void *userdata)
{
	const struct target *at = userdata;
	long r = call(t, SYS_setresgid, AS_BEFORE, at->l->gid, AS_BEFORE), back;

	if (r == 0)
		r = call(t, SYS_setresuid, AS_BEFORE, at->l->uid, AS_BEFORE);
	if (r == 0)
		r = call(t, SYS_listen, (unsigned long)at->fd, (unsigned long)at->backlog, 0);
	back = call(t, SYS_setresuid, AS_BEFORE, 0, AS_BEFORE);
	if (back == 0)
		back = call(t, SYS_setresgid, AS_BEFORE, 0, AS_BEFORE);
	return (int)(r < 0 ? r : back);
}

static void listen_here(const struct giving *g, const struct target *at)
{
	const gid_t gid = id_outside(g->facts, 'g', at->l->gid);
	const uid_t uid = id_outside(g->facts, 'u', at->l->uid);

	if (gid != (gid_t)-1 && uid != (uid_t)-1 && setresgid((gid_t)-1, gid, (gid_t)-1) == 0 &&
	    setresuid((uid_t)-1, uid, (uid_t)-1) == 0)
		listen(at->copy, at->backlog);
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 || setresgid((gid_t)-1, 0, (gid_t)-1) < 0)
		_exit(EXIT_FAILURE);
}

static bool give(const struct giving *g, struct target *at)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(at->pid);
	bool user = false;

	at->backlog = ask_backlog(at->pid, at->inode);
	if (at->backlog < 0)
		return false;
	if (at->pid != g->init && pidfd >= 0)
		inject(at->pid, pidfd, listen_there, at);
	if (is_right(g, at->l, at->copy, &user) || user)
		return true;
	listen_here(g, at);
	(void)is_right(g, at->l, at->copy, &user);
	return user;
}

/* The process that has listened before, if it has the socket. */
static void choose_process(struct giving *g, struct target *at)
{
	size_t by = 0;
	int fd;

	if (at->l->by == at->l->pid || !map_get(&g->by_number, (uint64_t)at->l->by, &by))
		return;
	fd = find_socket(g, (pid_t)by, at->inode);
	if (fd < 0)
		return;
	at->pid = (pid_t)by;
	at->fd = fd;
}

static bool give_one(struct giving *g, const struct listener *l)
{
	_cleanup_close_ int pidfd = -1, copy = -1;
	struct target at = {.l = l, .fd = l->fd};
	bool user = false;
	struct stat st;
	size_t pid = 0;

	if (!map_get(&g->by_number, (uint64_t)l->pid, &pid))
		return false;
	at.pid = (pid_t)pid;
	pidfd = pidfd_open_pid(at.pid);
	copy = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, l->fd, 0);
	if (copy < 0 || fstat(copy, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (is_right(g, l, copy, &user))
		return true;
	at.copy = copy;
	at.inode = st.st_ino;
	choose_process(g, &at);
	return give(g, &at);
}

static int add_process(pid_t pid, void *userdata)
{
	struct map *by_number = userdata;
	pid_t inner = process_inner_id(pid);

	if (inner > 0)
		map_add(by_number, (uint64_t)inner, (size_t)pid);
	return 0;
}

static int compare_by(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;

	return (x->by > y->by) - (x->by < y->by);
}

/* In an order in which the descriptors of each process are looked at once. */
_Noreturn static void give_all(const struct restore *r, pid_t init, struct listeners *all)
{
	struct giving g = {.facts = &r->manifest->facts, .init = init};
	bool done = true;

	for_each_process(init, add_process, &g.by_number);
	if (all->n > 0)
		qsort(all->v, all->n, sizeof(*all->v), compare_by);
	for (size_t i = 0; i < all->n; i++)
		done = give_one(&g, &all->v[i]) && done;
	_exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- in the monitor --- */

int listeners_apply(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_listeners_ struct listeners all = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int e = image_read(r->image, r->manifest, LISTENERS_NAME, LISTENERS_MAX, &text, &len,
			   reterr);
	pid_t child;

	if (e < 0 || !text)
		return e;
	if (listeners_parse(text, len, &all) < 0)
		return error_set(reterr, EBADMSG, "%s/%s is damaged", r->image->path,
				 LISTENERS_NAME);
	child = fork_quietly();
	if (child == 0)
		give_all(r, init, &all);
	if (child < 0 || wait_status(child) != 0)
		log_at(LOG_LEVEL_WARN, "Some Unix sockets tell their clients that root listens, "
				       "although another user does");
	return 0;
}
