/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recover.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#ifndef TCP_REPAIR_OFF_NO_WP
#define TCP_REPAIR_OFF_NO_WP (-1)
#endif

static void socket_leave_repair(int sock)
{
	int repair = 0, off = TCP_REPAIR_OFF_NO_WP;
	socklen_t len = sizeof(repair);

	/* fails for every socket that is none of TCP's */
	if (getsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &repair, &len) == 0 && repair == 1)
		setsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
}

static int task_leave_repair(pid_t pid, void *userdata)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *fds = directory_at(AT_FDCWD, path);
	struct dirent *e;

	(void)userdata;
	while (pidfd >= 0 && fds && (e = readdir(fds))) {
		char target[64];
		ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof(target) - 1);
		_cleanup_close_ int sock = -1;

		if (n <= 0 || strncmp(target, "socket:", strlen("socket:")) != 0)
			continue;
		sock = (int)syscall(SYS_pidfd_getfd, pidfd, (int)strtol(e->d_name, NULL, 10), 0);
		if (sock >= 0)
			socket_leave_repair(sock);
	}
	return 0;
}

/* A process in a PID namespace below the container's is CRIU's to refuse. */
void recover_connections(pid_t init)
{
	for_each_process(init, task_leave_repair, NULL);
}

/* "table inet CRIU-<id of that run>" */
static void delete_tables(const char *nft, const char *list)
{
	static const char head[] = "table inet CRIU-";

	for (const char *line = list; line; line = strchr(line, '\n')) {
		_cleanup_free_ char *name = NULL;

		line += *line == '\n';
		if (strncmp(line, head, strlen(head)) != 0)
			continue;
		name = xasprintf("%.*s", (int)strcspn(line, "\n") - (int)strlen("table inet "),
				 line + strlen("table inet "));
		run_capture((const char *const[]){nft, "delete", "table", "inet", name, NULL},
			    NULL);
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
