/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Removes the rules by which a killed CRIU still holds up a container's packets. Runs in the
 * command, as root; what changes something is a process in the container's network namespace, with
 * the host's programs.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/argv.h"
#include "lock/recover.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

/* No more network locks of killed CRIUs than these are removed. */
#define LOCKS_MAX 16

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
