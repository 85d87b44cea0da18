/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "criu/argv.h"
#include "lock/recover.h"
#include "sys/link.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef TCP_REPAIR_OFF_NO_WP
#define TCP_REPAIR_OFF_NO_WP (-1)
#endif

/* No more network locks of killed CRIUs than these are removed. */
#define LOCKS_MAX 16

#define ENDING_MS 5000
#define TICK_MS	  10

/* Sorted by inode: there may be very many. */
struct connections {
	struct connection {
		ino_t inode;
		bool reuses;
	} *list;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	ino_t x = ((const struct connection *)a)->inode, y = ((const struct connection *)b)->inode;

	return (x > y) - (x < y);
}

/*
 * The end of repair mode takes SO_REUSEADDR from a socket, and a server whose connections
 * lack it cannot be started anew while they last. Of what is not known any more it is set.
 */
static bool did_reuse(const struct connections *were, ino_t inode)
{
	const struct connection *found = NULL;
	const struct connection key = {.inode = inode};

	if (were && were->n)
		found = bsearch(&key, were->list, were->n, sizeof(key), compare);
	return !found || found->reuses;
}

static void socket_leave_repair(int sock, ino_t inode, void *userdata)
{
	int repair = 0, off = TCP_REPAIR_OFF_NO_WP, reuse;
	socklen_t len = sizeof(repair);

	/* fails for every socket that is none of TCP's */
	if (getsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &repair, &len) < 0 || repair != 1)
		return;
	reuse = did_reuse(userdata, inode);
	setsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
}

/* Of every kind: to ask which it is would cost as much, and the container waits meanwhile. */
static void socket_note(int sock, ino_t inode, void *userdata)
{
	struct connections *all = userdata;
	int reuse = 0;
	socklen_t len = sizeof(reuse);

	getsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &reuse, &len);
	*ARRAY_ADD(all->list, all->n) = (struct connection){inode, reuse != 0};
}

struct socket_walk {
	void (*fn)(int sock, ino_t inode, void *userdata);
	void *userdata;
	ino_t pid_namespace;
};

static int walk_sockets(pid_t pid, void *userdata)
{
	const struct socket_walk *w = userdata;
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *fds = directory_at(AT_FDCWD, path);
	struct dirent *e;

	/* the number could be that of another by now, which is not the container's */
	if (pidfd < 0 || !process_is_in(pid, w->pid_namespace) ||
	    syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return 0;
	while (fds && (e = readdir(fds))) {
		static const char socket[] = "socket:[";
		char target[64] = "";
		ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof(target) - 1);
		_cleanup_close_ int sock = -1;

		if (n <= 0 || strncmp(target, socket, strlen(socket)) != 0)
			continue;
		sock = (int)syscall(SYS_pidfd_getfd, pidfd, (int)strtol(e->d_name, NULL, 10), 0);
		if (sock >= 0)
			w->fn(sock, (ino_t)strtoull(target + strlen(socket), NULL, 10),
			      w->userdata);
	}
	return 0;
}

/* A process in a PID namespace below the container's is CRIU's to refuse. */
struct connections *connections_look(pid_t init)
{
	struct connections *all = xcalloc(1, sizeof(*all));
	struct socket_walk w = {socket_note, all, process_pid_namespace(init)};

	for_each_process(init, walk_sockets, &w);
	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), compare);
	return all;
}

void recover_connections(pid_t init, const struct connections *were)
{
	struct socket_walk w = {socket_leave_repair, (void *)(uintptr_t)were,
				process_pid_namespace(init)};

	for_each_process(init, walk_sockets, &w);
}

/* One that the container has made by so many names has locked itself. */
static void delete_tables(const char *nft, const char *list)
{
	const char *line = list;

	for (int n = 0; *line && n < LOCKS_MAX;) {
		size_t len = strcspn(line, "\n"), words = strlen("table inet ");

		if (criu_is_network_lock(line, len)) {
			_cleanup_free_ char *name = xstrndup(line + words, len - words);

			run_capture(
				(const char *const[]){nft, "delete", "table", "inet", name, NULL},
				NULL);
			n++;
		}
		line += len + (line[len] == '\n');
	}
}

/* All have the same: jumps to a chain of CRIU's from both chains. */
static void delete_chain(const char *program)
{
	_cleanup_free_ char *path = system_program(program);

	if (!path || run_capture((const char *const[]){path, "-w", "-S", "CRIU", NULL}, NULL) != 0)
		return;
	run_capture((const char *const[]){path, "-w", "-D", "INPUT", "-j", "CRIU", NULL}, NULL);
	run_capture((const char *const[]){path, "-w", "-D", "OUTPUT", "-j", "CRIU", NULL}, NULL);
	run_capture((const char *const[]){path, "-w", "-F", "CRIU", NULL}, NULL);
	run_capture((const char *const[]){path, "-w", "-X", "CRIU", NULL}, NULL);
}

/* In a process of its own, in the container's network namespace. */
_Noreturn static void delete_locks(int netns)
{
	_cleanup_free_ char *nft = system_program("nft");
	_cleanup_free_ char *list = NULL;

	reset_signals();
	if (setns(netns, CLONE_NEWNET) < 0)
		_exit(1);
	if (nft && run_capture((const char *const[]){nft, "list", "tables", NULL}, &list) == 0)
		delete_tables(nft, list);
	delete_chain("iptables");
	delete_chain("ip6tables");
	_exit(0);
}

/* There the rules of others, who may be at work, could not be told from those left behind. */
static bool is_host_network(int netns)
{
	struct stat theirs, ours;

	return fstat(netns, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0 ||
	       theirs.st_ino == ours.st_ino;
}

void recover_firewall(pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)init);
	_cleanup_close_ int netns = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid = netns < 0 || is_host_network(netns) ? -1 : fork_quietly();

	if (pid == 0)
		delete_locks(netns);
	if (pid > 0)
		wait_status(pid);
}

/*
 * The container's root can delete its end of the veth, and the host's end goes with it: another
 * container may have a link of that name by now.
 */
static int put_back(const struct nic *nic)
{
	if (!nic->bridge || link_is_on(nic->host_name, nic->bridge))
		return 0;
	if (nic->host_mac && !link_has_mac(nic->host_name, nic->host_mac))
		return 0;
	return link_attach(nic->host_name, nic->bridge);
}

int recover_bridges(const struct nic *nics, size_t n_nics, struct error **reterr)
{
	int ret = 0;

	for (size_t i = 0; i < n_nics; i++) {
		const struct nic *nic = &nics[i];
		int r = put_back(nic);

		if (r == 0 || ret < 0)
			continue;
		ret = error_set(reterr, -r, "%s cannot be put back on %s: %s", nic->host_name,
				nic->bridge, strerror(-r));
		error_set_hint(reterr, "when what it lacks is there: ip link set dev %s master %s",
			       nic->host_name, nic->bridge);
	}
	return ret;
}

void recover_freezer(const char *directory)
{
	_cleanup_close_ int cgroup = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (cgroup >= 0)
		write_file_at(cgroup, "cgroup.freeze", "0");
}

static bool is_populated(int cgroup)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(cgroup, "cgroup.events", 4096, &text) > 0 &&
	       strstr(text, "populated 1") != NULL;
}

/* Before 5.14 a kernel has no cgroup.kill: there they stay, and the next restore avoids them. */
void recover_cgroup(const char *numbered)
{
	char *directory;
	ino_t number = (ino_t)strtoull(numbered, &directory, 10);
	_cleanup_close_ int cgroup =
		*directory == ' ' ? open(directory + 1, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct stat st;

	if (cgroup < 0 || fstat(cgroup, &st) < 0 || st.st_ino != number ||
	    write_file_at(cgroup, "cgroup.kill", "1") < 0)
		return;
	for (int waited = 0; waited < ENDING_MS && is_populated(cgroup); waited += TICK_MS)
		poll(NULL, 0, TICK_MS);
}
