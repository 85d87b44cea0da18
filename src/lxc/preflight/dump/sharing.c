/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds namespaces that the container shares with another container (lxc.namespace.share.*) or with
 * a monitor. A checkpoint would take them away from the other, and a restore would make a second
 * one. Runs in the command, as root of the host, and looks through /proc. Namespaces of the host
 * itself (lxc.net.0.type = none, lxc.namespace.keep) do not count: CRIU leaves them alone.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "preflight/survey.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define STATUS_MAX  65536
#define CMDLINE_MAX 4096
#define SHARERS_MAX 16

static const char *const kinds[] = {"net", "ipc", "uts", "pid", "user", "mnt", "cgroup", "time"};
static const char *const names[] = {"network",	  "IPC",   "UTS (host name)", "PID",
				    "user (ids)", "mount", "cgroup",	      "time"};
enum { KIND_NET, KIND_IPC, KIND_UTS, KIND_PID };
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct sharing {
	struct survey *s;
	pid_t init, monitor;
	ino_t own[N_KINDS];  /* of the container's init; 0: it is the host's */
	ino_t host[N_KINDS]; /* ours */
	size_t found;
};

static ino_t namespace_inode(pid_t pid, int kind)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/%s", (int)pid, kinds[kind]);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Whether the process is a monitor: named like one, or lxc-start itself in the foreground. */
static bool is_monitor(pid_t pid, char **ret_container)
{
	static const char title[] = "[lxc monitor] ";
	_cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	_cleanup_free_ char *comm_path = xasprintf("/proc/%d/comm", (int)pid);
	_cleanup_free_ char *text = NULL, *comm = NULL;
	const char *last;

	if (read_file_at(AT_FDCWD, path, CMDLINE_MAX, &text) > 0 &&
	    strncmp(text, title, strlen(title)) == 0) {
		last = strrchr(text, ' ');
		*ret_container = xstrdup(last + 1);
		return true;
	}
	if (read_file_at(AT_FDCWD, comm_path, 64, &comm) <= 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, "lxc-start") == 0 || strcmp(comm, "lxc-execute") == 0;
}

/* With lxc.namespace.keep the container uses lxc-start's namespace, which may not be ours. */
static void tell_of_monitor(struct sharing *h, int kind)
{
	h->found++;
	findings_add(
		h->s->found,
		FINDING("shared-namespace", FINDING_BLOCKS,
			"run lxc-checkpoint in the namespace that lxc-start was run in (nsenter)"),
		"%s is in the same %s namespace as its monitor (process %d), and this command is "
		"not",
		h->s->p->facts->name, names[kind], (int)h->monitor);
}

/* pid: another container's init, or a monitor. */
static void tell(struct sharing *h, pid_t pid, const char *container, int kind)
{
	_cleanup_free_ char *who = container
					   ? xasprintf("the container %s", container)
					   : xasprintf("process %d, another container's", (int)pid);

	h->found++;
	findings_add(
		h->s->found,
		FINDING("shared-namespace", FINDING_BLOCKS,
			"stop that container first, and start both without lxc.namespace.share.* "
			"or --share-*"),
		"%s and %s are in one %s namespace: a checkpoint would take it away from "
		"the other, and a restore would make a second one",
		h->s->p->facts->name, who, names[kind]);
}

static pid_t parent_of(pid_t pid)
{
	return (pid_t)process_status_number(pid, "PPid");
}

/* The init of another container: named after its monitor, where that is LXC's. */
static void compare(struct sharing *h, pid_t pid)
{
	_cleanup_free_ char *container = NULL;

	for (int k = 0; k < (int)N_KINDS; k++) {
		if (h->own[k] && namespace_inode(pid, k) == h->own[k]) {
			pid_t parent = parent_of(pid);

			/* a process of a container may block a reader of its memory */
			if (namespace_inode(parent, KIND_PID) == h->host[KIND_PID])
				(void)is_monitor(parent, &container);
			tell(h, pid, container, k);
			return;
		}
	}
}

/*
 * A process of the host: a monitor may be in the container's network. Other processes, such as a
 * shell of nsenter, suffer no lasting harm.
 */
static void look_at_host_process(struct sharing *h, pid_t pid)
{
	_cleanup_free_ char *container = NULL;
	ino_t net = h->own[KIND_NET] ? namespace_inode(pid, KIND_NET) : 0;

	if (pid != h->monitor && net && net == h->own[KIND_NET] && is_monitor(pid, &container))
		tell(h, pid, container, KIND_NET);
}

/*
 * A process in the container's PID namespace: its own, lxc-attach's, or another container's init.
 */
static void look_at_inmate(struct sharing *h, pid_t pid)
{
	_cleanup_free_ char *container = NULL;
	pid_t parent = pid == h->init ? 0 : parent_of(pid);

	if (parent > 0 && parent != h->monitor &&
	    namespace_inode(parent, KIND_PID) != h->own[KIND_PID] && is_monitor(parent, &container))
		tell(h, pid, container, KIND_PID);
}

/* Whether a process's PID namespace is below the container's: nested containers belong to it. */
static bool is_inside(const struct survey *s, pid_t pid)
{
	for (size_t i = 0; i < s->n_processes; i++)
		if (s->processes[i].pid == pid)
			return true;
	return false;
}

static void look_at(struct sharing *h, pid_t pid)
{
	ino_t ns = namespace_inode(pid, KIND_PID);

	if (ns == 0)
		return;
	if (h->own[KIND_PID] && ns == h->own[KIND_PID])
		look_at_inmate(h, pid);
	else if (ns == h->host[KIND_PID])
		look_at_host_process(h, pid);
	else if (process_inner_id(pid) == 1 && !is_inside(h->s, pid))
		compare(h, pid);
}

/* The configuration of its start: the namespace's owner need not be a container. */
static void check_started_with(struct sharing *h)
{
	const struct container_facts *facts = h->s->p->facts;

	for (size_t i = 0; i < facts->n_shares && h->found == 0; i++)
		findings_add(h->s->found,
			     FINDING("shared-namespace", FINDING_BLOCKS, "start it without that"),
			     "%s was started with %s: a restore would make that namespace a "
			     "second time",
			     facts->name, facts->shares[i]);
}

void check_sharing(struct survey *s)
{
	struct sharing h = {.s = s, .init = s->p->facts->init_pid};
	_cleanup_closedir_ DIR *proc = directory_at(AT_FDCWD, "/proc");
	struct dirent *e;

	h.monitor = parent_of(h.init);
	for (int k = 0; k < (int)N_KINDS; k++) {
		h.host[k] = namespace_inode(getpid(), k);
		h.own[k] = namespace_inode(h.init, k);
		if (h.own[k] == h.host[k])
			h.own[k] = 0;
		else if (h.own[k] && namespace_inode(h.monitor, k) == h.own[k])
			tell_of_monitor(&h, k);
	}
	while (proc && h.found < SHARERS_MAX && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0)
			look_at(&h, pid);
	}
	check_started_with(&h);
}
