/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asks a container's monitor, and verifies that it is the monitor that answers. Runs in the
 * command, as root on the host. The header says why liblxc is not asked.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inspect/asking.h"
#include "inspect/listener.h"
#include "monitor/frame.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

/* A monitor that is starting its container answers when its hooks are done. */
#define PATIENCE_S 30

#define STATUS_MAX 65536

/* --- one exchange --- */

/* -EAGAIN: it took too long. */
static int receive(int fd, void *buf, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = recv(fd, (char *)buf + got, len - got, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return -EPIPE;
		if (n < 0)
			return -errno;
		got += (size_t)n;
	}
	return 0;
}

/*
 * Sends credentials: LXC's monitor drops a request without them, and the kernel adds them only
 * after the monitor has asked for them, which may be after the request.
 */
static int ask(int fd, int cmd, const void *payload, size_t len)
{
	const struct ucred self = {.pid = getpid(), .uid = geteuid(), .gid = getegid()};
	struct wire_request head = {.cmd = cmd, .datalen = (int32_t)len};
	struct iovec iov[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)payload, len}};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(self))];
	} control = {{0}};
	const struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_CREDENTIALS;
	control.header.cmsg_len = CMSG_LEN(sizeof(self));
	memcpy(CMSG_DATA(&control.header), &self, sizeof(self));
	n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n == (ssize_t)(sizeof(head) + len) ? 0 : -EIO;
}

int ask_monitor(const char *lxcpath, const char *name, int cmd, const void *payload, size_t len,
		int patience_s, struct monitor_answer *ret)
{
	_cleanup_close_ int fd = command_socket_connect(lxcpath, name, patience_s);
	_cleanup_free_ char *body = NULL;
	struct wire_response head = {0};
	int r = fd < 0 ? fd : ask(fd, cmd, payload, len);

	*ret = (struct monitor_answer){0};
	if (r == 0)
		r = receive(fd, &head, sizeof(head));
	if (r < 0)
		return r;
	if (head.datalen > 0 && (size_t)head.datalen > SCROLLBACK_MAX)
		return -EMSGSIZE;
	if (head.datalen > 0) {
		body = xcalloc(1, (size_t)head.datalen + 1);
		r = receive(fd, body, (size_t)head.datalen);
	}
	if (r < 0)
		return r;
	*ret = (struct monitor_answer){
		.ret = head.ret,
		.data = head.data,
		.body_len = body ? (size_t)head.datalen : 0,
	};
	ret->body = TAKE_PTR(body);
	return 0;
}

/* --- what it says --- */

static int refuse(struct lxc_container *c, int e, struct error **reterr)
{
	if (e == -EPERM) {
		error_refuse(
			reterr, EPERM,
			"the command socket of %s belongs to another user, whose answers cannot be "
			"trusted: only containers that root started can be checkpointed",
			c->name);
		error_set_hint(reterr,
			       "`ss -lxp | grep %s/%s/command` shows the process that holds it: "
			       "stop that process",
			       c->get_config_path(c), c->name);
	} else if (e == -EAGAIN) {
		error_refuse(reterr, ETIMEDOUT, "the monitor of %s does not answer within %d s",
			     c->name, PATIENCE_S);
		error_set_hint(reterr,
			       "find out what keeps it busy: a hook, or a process that stopped it");
	} else {
		error_refuse(reterr, -e, "the monitor of %s cannot be asked: %s", c->name,
			     strerror(-e));
	}
	return e;
}

/* 1: an answer; 0: there is no monitor, or it has just exited. */
static int ask_it(struct lxc_container *c, int cmd, const char *key, struct monitor_answer *ret,
		  struct error **reterr)
{
	int r = ask_monitor(c->get_config_path(c), c->name, cmd, key, key ? strlen(key) + 1 : 0,
			    PATIENCE_S, ret);

	if (r == 0)
		return 1;
	return r == -ECONNREFUSED || r == -EPIPE ? 0 : refuse(c, r, reterr);
}

int asked_state(struct lxc_container *c, const char **ret, struct error **reterr)
{
	static const char *const names[N_STATES] = {"STOPPED",	"STARTING", "RUNNING", "STOPPING",
						    "ABORTING", "FREEZING", "FROZEN",  "THAWED"};
	_cleanup_answer_ struct monitor_answer a = {0};
	int r = ask_it(c, CMD_GET_STATE, NULL, &a, reterr);

	*ret = names[0];
	if (r > 0 && a.ret >= 0 && a.data >= 0 && a.data < N_STATES)
		*ret = names[a.data];
	return r < 0 ? r : 0;
}

int asked_config(struct lxc_container *c, const char *key, char **ret, struct error **reterr)
{
	_cleanup_answer_ struct monitor_answer a = {0};
	int r = ask_it(c, CMD_GET_CONFIG_ITEM, key, &a, reterr);

	*ret = r > 0 && a.ret >= 0 ? TAKE_PTR(a.body) : NULL;
	return r < 0 ? r : 0;
}

/* --- whether it is the container's init --- */

static bool has_socket(pid_t pid, uint32_t inode)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_free_ char *wanted = xasprintf("socket:[%u]", inode);
	_cleanup_closedir_ DIR *fds = directory_at(AT_FDCWD, path);
	struct dirent *e;

	while (fds && (e = readdir(fds))) {
		char link[64] = "";

		if (readlinkat(dirfd(fds), e->d_name, link, sizeof(link) - 1) > 0 &&
		    strcmp(link, wanted) == 0)
			return true;
	}
	return false;
}

static bool is_with_us(pid_t pid, const char *kind)
{
	_cleanup_free_ char *theirs = xasprintf("/proc/%d/ns/%s", (int)pid, kind);
	_cleanup_free_ char *ours = xasprintf("/proc/self/ns/%s", kind);
	struct stat a, b;

	return stat(theirs, &a) == 0 && stat(ours, &b) == 0 && a.st_ino == b.st_ino;
}

/* NULL: the listener on the container's command socket is a monitor; else why not. */
static const char *fault_of_monitor(struct lxc_container *c, pid_t pid)
{
	char address[SOCKET_NAME_BYTES] = {0};
	size_t len = command_socket_name(c->get_config_path(c), c->name, address);
	uint32_t inode = listener_inode(address, len);
	long user = process_status_number(pid, "Uid");

	if (pid <= 0 || (user != 0 && user != (long)geteuid()) || !is_with_us(pid, "pid") ||
	    !is_with_us(pid, "user"))
		return "whose parent is not root's on this host";
	if (inode == 0)
		return "and it cannot be told which process listens there";
	return has_socket(pid, inode) ? NULL
				      : "which is no child of the process that listens there";
}

/* "NSpid:\t4711\t1": of a PID namespace right below this one */
static bool is_init(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *p;
	int end = 0;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text) <= 0)
		return false;
	p = strstr(text, "\nNSpid:");
	return p && sscanf(p, "\nNSpid: %*d 1%n", &end) == 0 && end > 0 && p[end] == '\n';
}

/* Its PID belongs to one process only until that is reaped. */
static const char *fault_of_init(struct lxc_container *c, pid_t pid)
{
	if (!is_init(pid))
		return "which is not the first process of a PID namespace of its own";
	return fault_of_monitor(c, (pid_t)process_status_number(pid, "PPid"));
}

int asked_init_pid(struct lxc_container *c, pid_t *ret, struct error **reterr)
{
	_cleanup_answer_ struct monitor_answer a = {0};
	int r = ask_it(c, CMD_GET_INIT_PID, NULL, &a, reterr);
	const char *fault;

	*ret = 0;
	if (r <= 0 || a.ret < 0 || a.data <= 0)
		return r < 0 ? r : 0;
	*ret = a.data <= INT32_MAX ? (pid_t)a.data : 0;
	fault = fault_of_init(c, *ret);
	/* it exited meanwhile */
	if (fault && process_is_gone(*ret))
		*ret = 0;
	if (!fault || *ret == 0)
		return 0;
	*ret = 0;
	/* then no other process can be inspected */
	if (is_in_landlock()) {
		error_refuse(reterr, EPERM,
			     "this command was started in a sandbox (landlock), from which neither "
			     "it nor CRIU may look at other processes");
		error_set_hint(reterr,
			       "start it outside the sandbox, for example from a root shell");
		return -EPERM;
	}
	error_refuse(reterr, EPERM,
		     "the command socket of %s names process %lld as the container's init, %s",
		     c->name, (long long)a.data, fault);
	error_set_hint(reterr, "see with `ss -lxp` which process listens on @%s/%s/command",
		       c->get_config_path(c), c->name);
	return -EPERM;
}
