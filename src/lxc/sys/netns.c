/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Work in another network namespace. A thread that enters a namespace may be unable to return, and
 * would then configure the wrong network. So a thread of its own enters, and ends there. Runs in
 * the caller's process, in the command and in the monitor, with the caller's privileges.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "sys/netns.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/thread.h"

struct call {
	int netns;
	int (*fn)(void *userdata);
	void *userdata;
	int result;
};

static void *enter_and_call(void *userdata)
{
	struct call *c = userdata;

	c->result = setns(c->netns, CLONE_NEWNET) < 0 ? -errno : c->fn(c->userdata);
	return NULL;
}

int netns_call(int netns, int (*fn)(void *userdata), void *userdata)
{
	struct call c = {.netns = netns, .fn = fn, .userdata = userdata};
	_thread_scope_ scope = thread_begin();
	pthread_t thread;
	int e = thread_start(&thread, enter_and_call, &c);

	if (e < 0)
		return e;
	pthread_join(thread, NULL);
	return c.result;
}

int netns_open(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_netlink(void *userdata)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, *(const int *)userdata);

	return fd < 0 ? -errno : fd;
}

int netns_netlink_socket(pid_t pid, int protocol)
{
	_cleanup_close_ int netns = netns_open(pid);

	return netns < 0 ? netns : netns_call(netns, open_netlink, &protocol);
}
